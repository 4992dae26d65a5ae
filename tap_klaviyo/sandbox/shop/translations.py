"""Translations of what is sent: variations, flow messages, templates, universal content and consent pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHANNELS = {"push": "mobile_push", "Email": "email", "SMS": "sms"}
_EVERY = 3
_LOCALES = ("de-DE", "fr-FR", "ja-JP")


def made(variations: Iterable[Resource], messages: Iterable[Resource], others: Iterable[Resource]) -> list[Resource]:
    """Return translations of some variations and flow messages, and of ``others``: templates, universal content."""
    wanted: list[tuple[str, str, str]] = []
    for variation in variations:
        details = variation.attributes["definition"].get("details")
        if details:
            wanted.append((variation.type, variation.id, details["channel"]))
    wanted += [(one.type, one.id, one.attributes["channel"]) for one in messages if one.attributes["channel"]]
    wanted += [(one.type, one.id, "email") for one in others]
    # a page that no endpoint answers with
    wanted += [("consent-page", f"01CONSENT{number}", "web") for number in range(_EVERY)]
    return [_translation(index, *one) for index, one in enumerate(wanted) if index % _EVERY == 0]


def _translation(index: int, kind: str, resource_id: str, channel: str) -> Resource:
    channel = _CHANNELS.get(channel, channel)
    attributes: dict[str, Any] = {
        "source_locale": "en-US",
        "target_locales": list(_LOCALES[: index % 4]),
        "fallback_locale": "en-US" if index % 2 else None,
        "channel": channel,
        "metadata": {"origin": "editor"} if index % 4 else None,
        "created": before_anchor(150 - index / 4) if index % 5 else None,
        "updated": before_anchor(60 - index / 16),
        "values": _values(index) if index % 7 else None,
    }
    hidden = {"resource_type": kind, "related_resource_id": resource_id}
    return Resource("translation", f"{kind}::{channel}::{resource_id}", attributes, {kind: resource_id}, hidden)


def _values(index: int) -> list[dict[str, Any]]:
    texts = {"de-DE": f"Größe {index}", "fr-FR": "Été", "ja-JP": "セール"}
    return [{"key": "subject", "source": f"Subject {index}", "translations": texts}]
