"""What an event is attributed to: columns of the event itself, and a table for events that have several."""

from __future__ import annotations

from tap_klaviyo.records.columns import STRING, STRINGS, Column, Linked, RelatedLinked
from tap_klaviyo.streams.resource import KlaviyoStream

# An attribution has no attributes: all it says is in its relationships, by column here.
_CREDITED = {
    "attributed_event_id": "attributed-event",
    "attributed_campaign_id": "campaign",
    "attributed_campaign_message_id": "campaign-message",
    "attributed_flow_id": "flow",
    "attributed_flow_message_id": "flow-message",
    "attributed_variation_id": "flow-message-variation",
}
_TYPES = {"attributed-event": "event", "flow-message-variation": "flow-message"}

ATTRIBUTION_COLUMNS = (
    Column("attribution_ids", STRINGS, Linked("attributions", "attribution", many=True, include=True, rare=True)),
    *(Column(name, STRING, RelatedLinked("attributions", "attribution", linked)) for name, linked in _CREDITED.items()),
)


class EventAttributions(KlaviyoStream):
    """A message that an event is attributed to. Carried by the events: a request per 1,000 of them."""

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
    extra_columns = tuple(
        Column(name, STRING, Linked(linked, _TYPES.get(linked, linked))) for name, linked in _CREDITED.items()
    )
    bounded = True
    future_dated = True
    late = True
    selected_by_default = False


STREAMS = (EventAttributions,)
