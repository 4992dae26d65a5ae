"""Events."""

from tap_klaviyo.streams.attribution_columns import ATTRIBUTION_COLUMNS, CREDITED_COLUMNS
from tap_klaviyo.streams.event_properties import EVENT_COLUMNS
from tap_klaviyo.streams.metric_events import MetricEvents


class Events(MetricEvents):
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


class EventAttributions(MetricEvents):
    """A message that an event is attributed to. Carried by the events: one request per 1,000 of them."""

    name = "event_attributions"
    path = "/api/events"
    primary_keys = ("event_id", "attribution_id")
    replication_key = "datetime"
    is_sorted = True
    via = "attributions"
    via_type = "attribution"
    via_column = "event_id"
    via_timestamp = "datetime"
    id_column = "attribution_id"
    attributes = ()
    extra_columns = CREDITED_COLUMNS
    bounded = True
    future_dated = True
    late = True
    selected_by_default = False


STREAMS = (Events, EventAttributions)
