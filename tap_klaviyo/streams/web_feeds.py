"""Web feeds."""

from tap_klaviyo.streams.resource import KlaviyoStream


class WebFeeds(KlaviyoStream):
    """A feed that e-mails take content from. One request per 20, 15 per minute."""

    name = "web_feeds"
    path = "/api/web-feeds"
    replication_key = "updated"
    swept = True


STREAMS = (WebFeeds,)
