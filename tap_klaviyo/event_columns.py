"""The columns that every event stream has beside Klaviyo's attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo import lifting
from tap_klaviyo.columns import STRING, Column, Lifted, RelatedAttribute, Schema

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER: Schema = {"type": ["number", "null"]}


def _lifted(name: str, keys: tuple[str, ...], lift: Callable[..., Any], schema: Schema = STRING) -> Column:
    return Column(name, schema, Lifted("event_properties", keys, lift))


EVENT_COLUMNS = (
    Column("metric_name", STRING, RelatedAttribute("metric", "metric", "name")),
    _lifted("campaign_id", ("$flow", "$message", "Campaign Name"), lifting.campaign_id),
    _lifted("flow_id", ("$flow",), lifting.flow_id),
    _lifted("flow_message_id", ("$flow", "$message"), lifting.flow_message_id),
    _lifted("variation_id", ("$variation",), lifting.variation_id),
    _lifted("value", ("$value", "value"), lifting.value, _NUMBER),
)
