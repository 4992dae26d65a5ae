"""Web feeds."""

from tap_klaviyo.streams.resource import KlaviyoStream


class WebFeeds(KlaviyoStream):
    """A feed that e-mails take content from. One request per 20, 15 per minute.

    Read in windows: Klaviyo's next cursors hold a date and no id, and rows of one second at a page edge may be lost.
    """

    name = "web_feeds"
    path = "/api/web-feeds"
    replication_key = "updated"
    is_sorted = True
    windowed = True
    undated = True
    swept = True


STREAMS = (WebFeeds,)
