"""Images."""

from tap_klaviyo.contract.filters import condition
from tap_klaviyo.streams.resource import KlaviyoStream, Variant

# Hidden images are left out unless they are asked for. Nobody documents that hiding moves `updated_at`: hidden ones are
# read by sweeps.
_EVERY_IMAGE = tuple(Variant((condition("equals", "hidden", hidden),), swept=hidden) for hidden in (False, True))


class Images(KlaviyoStream):
    """An image of the library, hidden or not. One request per 100, two at least."""

    name = "images"
    path = "/api/images"
    replication_key = "updated_at"
    variants = _EVERY_IMAGE
    swept = True


STREAMS = (Images,)
