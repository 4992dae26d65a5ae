"""Sign-up forms and their versions."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Forms(KlaviyoStream):
    """A sign-up form. One request per 100, 60 per minute.

    Read in windows: Klaviyo's next cursors hold a date and no id, and rows of one second at a page edge may be lost.
    """

    name = "forms"
    path = "/api/forms"
    replication_key = "updated_at"
    is_sorted = True
    windowed = True
    undated = True
    swept = True


class FormVersions(KlaviyoStream):
    """A version of a form. One request per form, 60 per minute."""

    name = "form_versions"
    path = "/api/forms/{id}/form-versions"
    replication_key = "updated_at"
    parent = Forms
    parent_column = "form_id"
    swept = True


STREAMS = (Forms, FormVersions)
