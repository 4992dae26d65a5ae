"""Product reviews."""

from tap_klaviyo.client import KlaviyoStream
from tap_klaviyo.declaration import Variant
from tap_klaviyo.filters import condition


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
    # The status filter has a value for all of them: without it, rejected and pending ones may be missing.
    variants = (Variant((condition("equals", "status", "all"),)),)


STREAMS = (Reviews,)
