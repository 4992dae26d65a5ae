"""Events."""

from tap_klaviyo.streams.attributions import ATTRIBUTION_COLUMNS
from tap_klaviyo.streams.event_properties import EVENT_COLUMNS
from tap_klaviyo.streams.resource import KlaviyoStream


class Events(KlaviyoStream):
    """Something that a profile did, or that was done to it. One request per 1,000.

    The sender dates an event, so it may arrive days late or lie in the future.
    """

    name = "events"
    path = "/api/events"
    replication_key = "datetime"
    is_sorted = True
    linked = ("profile", "metric")
    extra_columns = (*EVENT_COLUMNS, *ATTRIBUTION_COLUMNS)
    windowed = True
    bounded = True
    future_dated = True
    late = True


STREAMS = (Events,)
