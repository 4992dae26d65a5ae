"""Product reviews."""

from tap_klaviyo.client import KlaviyoStream


class Reviews(KlaviyoStream):
    """A review or a question. A request per 100.

    Klaviyo filters them by `created` alone, but they change later: they are read newest change first, as far as
    the bookmark.
    """

    name = "reviews"
    path = "/api/reviews"
    replication_key = "updated"
    newest_first = True
    bounded = True


STREAMS = (Reviews,)
