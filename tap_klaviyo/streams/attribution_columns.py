"""The columns that say which campaign or flow an event is attributed to."""

from __future__ import annotations

from tap_klaviyo.records.columns import STRING, STRINGS, Column, Linked, RelatedLinked

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

# The columns of an attribution that is a record itself.
CREDITED_COLUMNS = tuple(
    Column(name, STRING, Linked(linked, _TYPES.get(linked, linked))) for name, linked in _CREDITED.items()
)
# Those of an event: of its first attribution, the one that most have if they have any.
ATTRIBUTION_COLUMNS = (
    Column("attribution_ids", STRINGS, Linked("attributions", "attribution", many=True, include=True, rare=True)),
    *(Column(name, STRING, RelatedLinked("attributions", "attribution", linked)) for name, linked in _CREDITED.items()),
)
