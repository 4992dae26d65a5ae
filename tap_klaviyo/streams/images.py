"""Images."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Images(KlaviyoStream):
    """An image of the library. A request per 100."""

    name = "images"
    path = "/api/images"
    replication_key = "updated_at"
    is_sorted = True


STREAMS = (Images,)
