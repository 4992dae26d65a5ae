"""Values that everyone joins by, lifted out of free-form objects."""

from __future__ import annotations

from typing import Any


def template_id(definition: Any) -> Any:
    """Return the template of a flow message; its linkage comes as a link only."""
    return definition.get("template_id") if isinstance(definition, dict) else None


def _property(properties: Any, name: str) -> Any:
    value = properties.get(name) if isinstance(properties, dict) else None
    return None if value == "" else value


def flow_id(properties: Any) -> Any:
    """Return the flow that sent the message of an event."""
    return _property(properties, "$flow")


def flow_message_id(properties: Any) -> Any:
    """Return the flow's message: ``$message`` is one where there is a flow."""
    return _property(properties, "$message") if _property(properties, "$flow") is not None else None


def campaign_id(properties: Any) -> Any:
    """Return the campaign: ``$message`` is one where there is no flow and a campaign's name."""
    if _property(properties, "$flow") is not None or _property(properties, "Campaign Name") is None:
        return None
    return _property(properties, "$message")


def variation_id(properties: Any) -> Any:
    """Return the variation of the message."""
    return _property(properties, "$variation")


def value(properties: Any) -> Any:
    """Return the amount of an event; integrations write ``$value``, some senders ``value``."""
    amount = _property(properties, "$value")
    return _property(properties, "value") if amount is None else amount
