"""The columns that every event stream has beside Klaviyo's attributes: values that everyone joins by.

They are lifted out of free-form objects: each function takes columns and returns one.

Which id stands for what in an event's properties: ``$message`` is a flow's message where there is a ``$flow``, else a
campaign where there is a ``Campaign Name``. Klaviyo writes an empty string where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from tap_klaviyo.records.coerce import is_number
from tap_klaviyo.records.columns import STRING, Column, Lifted, RelatedAttribute, Schema

Values = Iterable[Any]


def template_id(templates: Values) -> Values:
    """Return the template of a flow message, whose linkage comes as a link only."""
    return templates


def flow_id(flows: Collection[Any]) -> Values:
    """Return the flow that sent the message of an event."""
    return _without_empty(flows)


def flow_message_id(flows: Values, messages: Values) -> Values:
    """Return the flow's message."""
    return [
        None if flow is None or flow == "" or message == "" else message
        for flow, message in zip(flows, messages, strict=True)
    ]


def campaign_id(flows: Values, messages: Values, campaign_names: Values) -> Values:
    """Return the campaign."""
    return [
        message if (flow is None or flow == "") and name is not None and name != "" and message != "" else None
        for flow, message, name in zip(flows, messages, campaign_names, strict=True)
    ]


def variation_id(variations: Collection[Any]) -> Values:
    """Return the variation of the message."""
    return _without_empty(variations)


def value(amounts: Values, plain_amounts: Values) -> Values:
    """Return the amount of an event; integrations write ``$value``, some senders ``value``, and others text there."""
    return [
        amount if amount is not None and amount != "" else plain if plain is not None and is_number(plain) else None
        for amount, plain in zip(amounts, plain_amounts, strict=True)
    ]


def _without_empty(values: Collection[Any]) -> Values:
    return [None if value == "" else value for value in values] if "" in values else values


_NUMBER: Schema = {"type": ["number", "null"]}


def _lifted(name: str, keys: tuple[str, ...], lift: Callable[..., Any], schema: Schema = STRING) -> Column:
    return Column(name, schema, Lifted("event_properties", keys, lift))


EVENT_COLUMNS = (
    Column("metric_name", STRING, RelatedAttribute("metric", "metric", "name")),
    _lifted("campaign_id", ("$flow", "$message", "Campaign Name"), campaign_id),
    _lifted("flow_id", ("$flow",), flow_id),
    _lifted("flow_message_id", ("$flow", "$message"), flow_message_id),
    _lifted("variation_id", ("$variation",), variation_id),
    _lifted("value", ("$value", "value"), value, _NUMBER),
)
