"""E-mail templates and the content that they share."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Templates(KlaviyoStream):
    """An e-mail template with its HTML. One request per 10."""

    name = "templates"
    path = "/api/templates"
    replication_key = "updated"
    is_sorted = True
    windowed = True
    undated = True
    swept = True


class UniversalContent(KlaviyoStream):
    """A block of content that templates share. One request per 100."""

    name = "universal_content"
    path = "/api/template-universal-content"
    replication_key = "updated"
    is_sorted = True
    windowed = True
    undated = True
    swept = True


STREAMS = (Templates, UniversalContent)
