"""Web feeds."""

from tap_klaviyo.streams.resource import KlaviyoStream


class WebFeeds(KlaviyoStream):
    """A feed that e-mails take content from. A request per 20, 15 a minute."""

    name = "web_feeds"
    path = "/api/web-feeds"
    replication_key = "updated"
    swept = True


STREAMS = (WebFeeds,)
