"""What the account pays for, and the numbers that it sends text messages from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Link, Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

# over one page
SENDERS = 23
_USAGE: tuple[tuple[str, float, int, str], ...] = (
    ("email_sends", 18_250, 20_000, "messages"),
    ("active_profiles", 400, 500, "profiles"),
    ("sms_credits", 612.5, 1250, "credits"),
    ("reviews_orders", 0, 100, "orders"),
)
_TYPES = ("toll_free", "short_code", "long_code", "alpha", "vanity_short_code")
_SENDER_STATUSES = ("active", "registering", "registration_failed", "pending_registration", "suspended")
_REGISTRATION_STATUSES = ("approved", "in_review", "rejected", "action_required")


def made(maker: Maker, account_id: str) -> list[Resource]:
    """Return usage, senders, their registrations and the account's configuration."""
    found = [Resource("billing-usage", name, _usage(used, most, unit)) for name, used, most, unit in _USAGE]
    for index in range(SENDERS):
        registration_id = maker.ulid("text-messaging-sender-registration", index) if index % 4 else None
        links: dict[str, Link] = {"text-messaging-sender-registration": registration_id}
        sender_id = maker.ulid("text-messaging-sender", index)
        found.append(Resource("text-messaging-sender", sender_id, _sender(index), links))
        if registration_id is not None:
            found.append(Resource("text-messaging-sender-registration", registration_id, _registration(index)))
    configuration = {
        "org_prefix": "Shop:",
        "opt_out_language": "Reply STOP to opt-out",
        "status": "active",
        "created_at": before_anchor(700),
        "updated_at": before_anchor(12),
    }
    return [*found, Resource("text-messaging-configuration", account_id, configuration)]


def _usage(used: float, maximum: int, unit: str) -> dict[str, Any]:
    return {
        "usage_used": used,
        "usage_max": maximum,
        "unit": unit,
        "period_start": before_anchor(30),
        "period_end": before_anchor(0),
        "as_of": before_anchor(0.25),
    }


def _sender(index: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "sender_type": _TYPES[index % len(_TYPES)],
        "sender_details": {"country": ("US", "GB", "AU")[index % 3]},
        "status": _SENDER_STATUSES[index % len(_SENDER_STATUSES)],
        # several were bought in one second
        "created_at": before_anchor(300 - index // 3),
    }
    if index % 5:
        found |= {"forwarding_number": None, "sender_identifier": f"+1833555{index:04d}" if index % 2 else None}
    return found


def _registration(index: int) -> dict[str, Any]:
    status = _REGISTRATION_STATUSES[index % len(_REGISTRATION_STATUSES)]
    decided = status in {"approved", "rejected"}
    return {
        "status": status,
        "failures": [{"detail": "The website could not be opened"}] if status == "rejected" else [],
        "created_at": before_anchor(290 - index),
        "updated_at": before_anchor(280 - index),
        "submitted_at": before_anchor(289 - index) if index % 3 else None,
        "decided_at": before_anchor(281 - index) if decided else None,
    }
