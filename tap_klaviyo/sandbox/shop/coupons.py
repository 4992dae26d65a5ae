"""Coupons and their codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

COUPONS = 104
# the first coupon's codes are over one page
_CODES = 130
_STATUSES = ("UNASSIGNED", "ASSIGNED_TO_PROFILE", "USED", "PROCESSING", "DELETING", "VERSION_NOT_ACTIVE")


def coupon_ids() -> list[str]:
    """Return the ids of the coupons."""
    return [f"SUMMER{index}" for index in range(COUPONS)]


def code_ids(maker: Maker, coupon: int) -> list[str]:
    """Return the ids of one coupon's codes."""
    count = _CODES if coupon == 0 else coupon % 4
    return [f"{coupon_ids()[coupon]}-{maker.short('code', coupon * 1000 + number)}" for number in range(count)]


def made(maker: Maker, profile_ids: list[str]) -> list[Resource]:
    """Return coupons and codes, some given to a profile."""
    found = []
    for index, coupon_id in enumerate(coupon_ids()):
        monitor = {"low_balance_threshold": 10} if index % 2 else None
        assigner = {"used": "ASSIGN_IF_EXPIRED", "unused_expired": "NEVER_ASSIGN"} if index % 3 == 0 else None
        attributes: dict[str, Any] = {
            "external_id": coupon_id,
            "description": "" if index % 3 else "10 % off",
            "monitor_configuration": monitor,
        }
        if index % 4:
            attributes["assigner_configuration"] = assigner
        found.append(Resource("coupon", coupon_id, attributes))
        for number, code_id in enumerate(code_ids(maker, index)):
            status = _STATUSES[number % len(_STATUSES)]
            given = status in {"ASSIGNED_TO_PROFILE", "USED"} and profile_ids
            code = {
                "unique_code": code_id.rpartition("-")[2],
                "expires_at": before_anchor(30 - number) if number % 2 else None,
                "status": status,
            }
            links = {"coupon": coupon_id, "profile": profile_ids[number % len(profile_ids)] if given else None}
            found.append(Resource("coupon-code", code_id, code, dict(links)))
    return found
