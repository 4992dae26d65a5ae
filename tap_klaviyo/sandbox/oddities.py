"""Filters that real accounts answer otherwise than the document lets expect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.errors import RefusedError, invalid
from tap_klaviyo.sandbox.filters import LOWER, UPPER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.sandbox.filters import Condition
    from tap_klaviyo.sandbox.operation import Operation

_IGNORED, _FRUITLESS, _FATAL = "is_starred", "integration.category", "form_type"


def recorded(condition: Condition) -> list[Condition]:
    """Return the conditions that a condition really comes to: none, itself, or one that no row meets."""
    if condition.field == _IGNORED:
        return []
    if condition.field == _FATAL and condition.operator == "any":
        raise RefusedError(500, "error", "A server error occurred.")
    if condition.field == _FRUITLESS:
        return [replace(condition, operator="any", value=[])]
    return [condition]


def check_past(conditions: Iterable[Condition], operation: Operation, now: int) -> None:
    """Raise a 400 where a list of flows is asked with a date bound after ``now``, an instant."""
    if operation.path != "/api/flows":
        return
    for one in conditions:
        if one.kind == "date-time" and one.operator in (*LOWER, *UPPER) and one.value > now:
            raise invalid(f"Invalid filter provided: '{one.field}' cannot be compared to the future", "filter")


def with_single_coupons(operation: Operation) -> Operation:
    """Return an operation whose list of coupons may be one coupon without brackets, as Klaviyo's guide writes it."""
    allowed = operation.filters.get("coupon.id")
    if allowed is None:
        return operation
    operators = {**allowed["operators"], "single": [*allowed["operators"].get("single", ()), "equals"]}
    return replace(operation, filters={**operation.filters, "coupon.id": {**allowed, "operators": operators}})
