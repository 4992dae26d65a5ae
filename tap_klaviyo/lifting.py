"""Values that everyone joins by, lifted out of free-form objects.

Which id stands for what in an event's properties: ``$message`` is a flow's message where there is a ``$flow``, else a
campaign where there is a ``Campaign Name``. Klaviyo writes an empty string where there is none.
"""

from __future__ import annotations

from typing import Any

from tap_klaviyo.conform import is_number


def template_id(template: Any) -> Any:
    """Return the template of a flow message, whose linkage comes as a link only."""
    return template


def flow_id(flow: Any) -> Any:
    """Return the flow that sent the message of an event."""
    return None if flow == "" else flow


def flow_message_id(flow: Any, message: Any) -> Any:
    """Return the flow's message."""
    return None if flow in (None, "") or message == "" else message


def campaign_id(flow: Any, message: Any, campaign_name: Any) -> Any:
    """Return the campaign."""
    if flow not in (None, "") or campaign_name in (None, "") or message == "":
        return None
    return message


def variation_id(variation: Any) -> Any:
    """Return the variation of the message."""
    return None if variation == "" else variation


def value(amount: Any, plain_amount: Any) -> Any:
    """Return the amount of an event; integrations write ``$value``, some senders ``value``, and others text there."""
    if amount not in (None, ""):
        return amount
    return plain_amount if is_number(plain_amount) else None
