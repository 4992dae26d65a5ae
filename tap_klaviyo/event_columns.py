"""The columns that every event stream has beside Klaviyo's attributes."""

from __future__ import annotations

from tap_klaviyo import lifting
from tap_klaviyo.columns import STRING, Column, Lifted, RelatedAttribute

_NUMBER = {"type": ["number", "null"]}
_PROPERTIES = ("event_properties",)

EVENT_COLUMNS = (
    Column("metric_name", STRING, RelatedAttribute("metric", "metric", "name")),
    Column("campaign_id", STRING, Lifted(_PROPERTIES, lifting.campaign_id)),
    Column("flow_id", STRING, Lifted(_PROPERTIES, lifting.flow_id)),
    Column("flow_message_id", STRING, Lifted(_PROPERTIES, lifting.flow_message_id)),
    Column("variation_id", STRING, Lifted(_PROPERTIES, lifting.variation_id)),
    Column("value", _NUMBER, Lifted(_PROPERTIES, lifting.value)),
)
