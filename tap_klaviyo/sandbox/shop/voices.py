"""What customers leave behind: reviews, push tokens, conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor, spaced
from tap_klaviyo.sandbox.shop.store import Link, Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

REVIEWS, TOKENS = 230, 125
_STATUSES: tuple[dict[str, Any] | None, ...] = (
    {"value": "published"},
    {"value": "featured"},
    {"value": "pending"},
    {"value": "unpublished"},
    {"value": "rejected", "rejection_reason": {"reason": "other", "status_explanation": None}},
    None,
)
_TYPES = ("review", "rating", "question", "store")
_ENABLEMENT = ("AUTHORIZED", "DENIED", "NOT_DETERMINED", "PROVISIONAL", "UNAUTHORIZED")
_CHANNELS = ("sms", "whatsapp", "instagram")


def made(maker: Maker, profile_ids: list[str], event_ids: list[str], item_ids: list[str]) -> list[Resource]:
    """Return all resources of this part."""
    found = [_review(index, event_ids, item_ids) for index in range(REVIEWS)]
    for index, profile_id in enumerate(profile_ids):
        if index < TOKENS:
            found.append(_token(maker, index, profile_id))
        for number in range(index % 3):
            conversation_id = maker.uuid("conversation", index * 10 + number)
            attributes = {"channel": _CHANNELS[number]}
            found.append(Resource("conversation", conversation_id, attributes, {"profile": profile_id}))
    return found


def _review(index: int, event_ids: list[str], item_ids: list[str]) -> Resource:
    status = _STATUSES[index % len(_STATUSES)]
    product = {"name": f"Thing {index}", "url": "https://shop.example.com", "image_url": None, "external_id": None}
    attributes = {
        "email": None if index % 7 == 0 else f"person{index}@example.com",
        "status": None if status is None else dict(status),
        "verified": index % 2 == 0,
        "review_type": _TYPES[index % len(_TYPES)],
        # several came and changed in one second; a review can change long after it was made
        "created": before_anchor(400 - index // 3),
        "updated": before_anchor(380 - index // 3 if index % 4 else 15 - index // 20),
        "images": ["https://cdn.example.com/r.jpg"] if index % 6 == 0 else [],
        "product": product if index % 8 else None,
        "rating": index % 5 + 1 if index % 9 else None,
        "author": "" if index % 5 else "Zoë",
        "content": f"Good thing no. {index} 👍" if index % 4 else None,
        "title": None if index % 3 else "Great",
        "smart_quote": None,
        "public_reply": {"content": "Thanks", "author": "Shop", "updated": before_anchor(10)}
        if index % 11 == 0
        else None,
    }
    links: dict[str, Link] = {
        "events": event_ids[index : index + 1] if index % 2 else [],
        "item": item_ids[index % len(item_ids)] if index % 3 else None,
    }
    return Resource("review", str(9_000_000 + index), attributes, links)


def _token(maker: Maker, index: int, profile_id: str) -> Resource:
    android = index % 2 == 0
    metadata = {
        "device_id": maker.uuid("device", index),
        "klaviyo_sdk": "android" if android else "swift",
        "sdk_version": "4.1.0",
        "device_model": None,
        "os_name": "android" if android else "ios",
        "os_version": "17.1",
        "manufacturer": "",
        "app_name": "Shop",
        "app_version": "1.0",
        "app_build": "7",
        "app_id": "com.example.shop",
        "environment": "release",
    }
    attributes = {
        "created": before_anchor(100 - index // 2),
        "token": f"token-{index}",
        "enablement_status": _ENABLEMENT[index % len(_ENABLEMENT)],
        "platform": "android" if android else "ios",
        "vendor": "fcm" if android else "apns",
        "background": "AVAILABLE",
        "recorded_date": spaced(before_anchor(50 - index // 4)),
        "metadata": metadata if index % 4 else None,
    }
    token_id = maker.uuid("push-token", index).replace("-", "")
    return Resource("push-token", token_id, attributes, {"profile": profile_id})
