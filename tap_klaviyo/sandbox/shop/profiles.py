"""Profiles in all their odd shapes, with consent, suppressions and predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import SECOND, microseconds, text_of
from tap_klaviyo.sandbox.shop.making import ANCHOR, DAY, SPAN, spaced
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    import random

    from tap_klaviyo.sandbox.shop.making import Maker

REASONS = ("HARD_BOUNCE", "INVALID_EMAIL", "SPAM_COMPLAINT", "UNSUBSCRIBE", "USER_SUPPRESSED")
_NAMES = ("Ada", "Grace", "", "Zoë", "李", "O'Neil", None, "Émile 🎈")
_CITIES = (
    {"city": "Boston", "country": "United States", "region": "MA", "zip": "02110", "timezone": "US/Eastern"},
    {"city": "København", "country": "Denmark", "region": "", "zip": "1050", "timezone": "Europe/Copenhagen"},
    {"city": None, "country": None, "region": None, "zip": None, "timezone": None},
)
_COORDINATES = (("40.7128", "-74.0060"), (37.77, -122.42), (None, None), (12, "7.5"))
_TIE = 7


def profile_id(maker: Maker, index: int) -> str:
    """Return the id of the ``index``-th profile."""
    return maker.ulid("profile", index)


def made(maker: Maker, count: int, list_ids: list[str]) -> list[Resource]:
    """Return ``count`` profiles, some of them suppressed, for all or for some of the lists."""
    choices = maker.choices("profile")
    return [_profile(maker, index, choices, list_ids) for index in range(count)]


def _profile(maker: Maker, index: int, choices: random.Random, list_ids: list[str]) -> Resource:
    resource_id = profile_id(maker, index)
    start, end = microseconds(ANCHOR - SPAN), microseconds(ANCHOR)
    created = choices.randrange(start, end)
    updated = choices.randrange(created, end)
    # imports leave whole runs of profiles with one date, on a whole second
    if index % _TIE:
        created = created // SECOND * SECOND
    if index % 10 < 3:
        updated = end - (40 + index // 100) * DAY
        created = min(created, updated)
    first_name = _NAMES[index % len(_NAMES)]
    attributes: dict[str, Any] = {
        "email": None if index % 23 == 5 else f"person{index}@example.com",
        "phone_number": f"+1500555{index:04d}" if index % 3 == 0 else None,
        "external_id": ("", None, f"crm-{index}")[index % 3],
        "anonymous_id": f"anonymous-{index}" if index % 8 == 3 else None,
        "whatsapp_bsuid": None,
        "first_name": first_name,
        "last_name": "Lovelace" if index % 4 else "",
        "organization": "" if index % 2 else None,
        "locale": ("en-US", "de-DE", None)[index % 3],
        "title": "" if index % 9 else "Dr.",
        "image": None,
        "created": text_of(created),
        "updated": text_of(updated),
        "last_event_date": text_of(choices.randrange(start, end) // SECOND * SECOND) if index % 5 else None,
        "location": _location(index),
        "properties": _properties(index, updated),
        "subscriptions": _subscriptions(index, choices, created, list_ids),
        "predictive_analytics": _predictions(index),
    }
    hidden = {"push_token": f"token-{index}", "_kx": maker.short("kx", index)}
    return Resource("profile", resource_id, attributes, {}, dict(hidden))


def _location(index: int) -> dict[str, Any] | None:
    if index % 17 == 0:
        return None
    latitude, longitude = _COORDINATES[index % len(_COORDINATES)]
    address = {"address1": f"{index} High Street", "address2": "" if index % 2 else None}
    place = _CITIES[index % len(_CITIES)]
    return {**address, **place, "latitude": latitude, "longitude": longitude, "ip": f"192.0.2.{index % 256}"}


def _properties(index: int, updated: int) -> dict[str, Any]:
    stamp = spaced(text_of(updated))
    shapes: tuple[dict[str, Any], ...] = (
        {"pseudonym": "Dr. Octopus", "$consent_timestamp": stamp, "favorite_month": "May 5, 2021"},
        {"tags": [stamp, "plain tag"], "$source": -6, "score": "12"},
        {"score": 12, "Score": 13.5, "with blanks and . dots": True, "🎈": {"nested": [1, None]}},
        {},
        {"score": [1, 2], "loyalty": {"points": 2**66, "since": "2021-05-17 23:43:50"}, "$city": ""},
    )
    return shapes[index % len(shapes)]


def _suppressions(index: int, choices: random.Random, created: int) -> list[dict[str, Any]]:
    if index % 4:
        return []
    end = microseconds(ANCHOR)
    found = []
    for offset in range(1 + index // 4 % 5):
        instant = choices.randrange(created, end) // SECOND * SECOND
        # whole batches are suppressed in one second
        if index % 8 == 0 and offset == 0:
            instant = max(created, end - (20 + index // 80) * DAY)
        text = text_of(instant)
        reason = REASONS[(index // 4 + offset) % len(REASONS)]
        found.append({"reason": reason, "timestamp": spaced(text) if offset % 2 else text})
    return found


def _list_suppressions(index: int, choices: random.Random, created: int, list_ids: list[str]) -> list[dict[str, Any]]:
    if index % 6 or not list_ids:
        return []
    end = microseconds(ANCHOR)
    return [
        {
            "list_id": list_ids[(index + offset) % len(list_ids)],
            "reason": "USER_SUPPRESSED" if offset % 2 == 0 else "UNSUBSCRIBE",
            "timestamp": text_of(choices.randrange(created, end) // SECOND * SECOND),
        }
        for offset in range(1 + index // 6 % 4)
    ]


def _subscriptions(index: int, choices: random.Random, created: int, list_ids: list[str]) -> dict[str, Any]:
    suppression = _suppressions(index, choices, created)
    lists = _list_suppressions(index, choices, created, list_ids)
    # a channel that was never used is not there, or there is nothing in it
    if index % 37 == 11:
        return {"email": None, "sms": None, "mobile_push": None, "whatsapp": None}
    consented = text_of(created // SECOND * SECOND)
    marketing = {
        "can_receive_email_marketing": not suppression,
        "consent": "UNSUBSCRIBED" if suppression else ("SUBSCRIBED", "NEVER_SUBSCRIBED")[index % 2],
        "consent_timestamp": spaced(consented) if index % 3 else None,
        "last_updated": consented if index % 2 else None,
        "method": "FORM",
        "method_detail": "" if index % 2 else "footer form",
        "custom_method_detail": None,
        "double_optin": index % 2 == 0,
        "suppression": suppression or (None if index % 10 == 7 else []),
        "list_suppressions": lists or (None if index % 10 == 7 else []),
    }
    return {
        "email": {
            "marketing": None if index % 41 == 12 else marketing,
            "open_tracking": _tracking(consented) if index % 3 else None,
            "click_tracking": _tracking(consented) if index % 4 else None,
        },
        "sms": {
            "marketing": _sms("can_receive_sms_marketing", consented, given=index % 3 == 0),
            "transactional": _sms("can_receive_sms_transactional", consented, given=index % 6 == 0),
        },
        "mobile_push": {
            "marketing": {
                "can_receive_push_marketing": index % 10 == 0,
                "consent": "SUBSCRIBED" if index % 10 == 0 else "NEVER_SUBSCRIBED",
                "consent_timestamp": consented if index % 10 == 0 else None,
            }
        },
        "whatsapp": {name: _whatsapp(consented) for name in ("marketing", "transactional", "conversational")},
    }


def _sms(flag: str, consented: str, *, given: bool) -> dict[str, Any]:
    return {
        flag: given,
        "consent": "SUBSCRIBED" if given else "NEVER_SUBSCRIBED",
        "consent_timestamp": consented if given else None,
        "method": "SERVER_API" if given else None,
        "method_detail": "" if given else None,
        "last_updated": consented if given else None,
    }


def _tracking(consented: str) -> dict[str, Any]:
    return {
        "can_receive": True,
        "consent": "SUBSCRIBED",
        "consent_timestamp": consented,
        "created_timestamp": consented,
        "last_updated": None,
        "metadata": {},
        "valid_until": None,
    }


def _whatsapp(consented: str) -> dict[str, Any]:
    return {
        "can_receive": False,
        "consent": "NEVER_SUBSCRIBED",
        "consent_timestamp": None,
        "created_timestamp": consented,
        "last_updated": None,
        "metadata": {},
        "phone_number": None,
        "valid_until": None,
    }


def _predictions(index: int) -> dict[str, Any]:
    if index % 3:
        return {
            "historic_clv": None,
            "predicted_clv": None,
            "total_clv": None,
            "historic_number_of_orders": None,
            "predicted_number_of_orders": None,
            "average_days_between_orders": None,
            "average_order_value": None,
            "churn_probability": None,
            "expected_date_of_next_order": None,
            "ranked_channel_affinity": None,
        }
    return {
        "historic_clv": 93.87 + index,
        "predicted_clv": 27.24,
        "total_clv": 121.11 + index,
        "historic_number_of_orders": 2,
        "predicted_number_of_orders": 0.54,
        "average_days_between_orders": 189,
        "average_order_value": 46.94,
        "churn_probability": 0.89,
        "expected_date_of_next_order": "2025-11-08T00:00:00+00:00",
        "ranked_channel_affinity": ["sms", "email", "push"],
    }
