"""Product reviews."""

from tap_klaviyo.contract.filters import condition
from tap_klaviyo.streams.resource import KlaviyoStream, Variant


class Reviews(KlaviyoStream):
    """A review or a question. One request per 100.

    Klaviyo filters them by `created` alone, but they change later: they are read newest change first, as far as
    the bookmark.
    """

    name = "reviews"
    path = "/api/reviews"
    replication_key = "updated"
    newest_first = True
    bounded = True
    # The status filter has a value for all of them: without it, rejected and pending ones may be missing.
    variants = (Variant((condition("equals", "status", "all"),)),)


STREAMS = (Reviews,)
