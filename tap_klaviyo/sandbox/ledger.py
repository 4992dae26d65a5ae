"""What the shop's events, memberships and forms come to, entry by entry: the one source of all reports."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import instant_of, microseconds, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.sandbox.shop import Resource, Shop

RECEIVED, OPENED, CLICKED, CONVERTED = "received", "opened", "clicked", "converted"
_KINDS = {
    "Received Email": RECEIVED,
    "Received Text Message": RECEIVED,
    "Opened Email": OPENED,
    "Clicked Email": CLICKED,
}
_CHANNELS = {"mobile_push": "push-notification", "Email": "email", "SMS": "sms"}
_FORM_KINDS = ("viewed", "viewed", "submitted", "closed", "qualified")


@dataclass(slots=True)
class Entry:
    """One thing that happened: ``keys`` are what it can be grouped by, ``mark`` a number that depends on it alone."""

    instant: int
    kind: str
    keys: dict[str, str | None]
    profile: str | None = None
    value: float = 0.0
    metric: str | None = None
    mark: int = 0
    tags: list[tuple[str, str]] = field(default_factory=list)


def value_of(properties: object) -> float:
    """Return the amount of an event: with or without a dollar sign, a number or text."""
    if not isinstance(properties, Mapping):
        return 0.0
    value = properties.get("$value", properties.get("value", 0))
    try:
        return float(value.replace(",", "") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        return 0.0


def mark_of(*parts: object) -> int:
    """Return a number that depends on the parts alone."""
    return zlib.crc32("|".join(map(str, parts)).encode())


class Ledger:
    """The entries of one shop; those of messages are worked out once for as long as its events stay as they are."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._messages: tuple[tuple[int, ...], dict[str, list[Entry]]] = ((), {})

    def of(self, owner: str, start: int, end: int) -> list[Entry]:
        """Return the entries of campaigns, flows, forms or segments up to an instant.

        Those of segments reach back to the first member, since a report also says how many there are.
        """
        with self._shop.lock:
            if owner == "segment":
                return [entry for entry in self._members() if entry.instant < end]
            if owner == "form":
                return [entry for entry in self._forms(start, end) if start <= entry.instant < end]
            return [entry for entry in self._of_messages()[owner] if start <= entry.instant < end]

    def groups(self, owner: str) -> list[str]:
        """Return the ids that have a row of their own even where nothing happened."""
        return [one.id for one in self._shop.resources(owner)] if owner in {"segment", "form"} else []

    def _of_messages(self) -> dict[str, list[Entry]]:
        shelves = ("event", "attribution", "campaign", "campaign-message", "flow", "flow-message", "metric", "tag")
        versions = tuple(self._shop.shelf(name).version for name in shelves)
        if self._messages[0] != versions:
            found: dict[str, list[Entry]] = {"campaign": [], "flow": []}
            for event in self._shop.shelf("event"):
                for owner, entry in self._entries(event):
                    found[owner].append(entry)
            self._messages = versions, found
        return self._messages[1]

    def _entries(self, event: Resource) -> Iterator[tuple[str, Entry]]:
        links = event.relationships
        metric = self._shop.get("metric", str(links["metric"]))
        name = metric.attributes["name"] if metric else ""
        attributions = links.get("attributions") or ()
        if name not in _KINDS and not attributions:
            return
        attributes = event.attributes
        properties = attributes.get("event_properties")
        profile = links.get("profile")
        shared: dict[str, Any] = {
            "instant": instant_of(attributes["datetime"]) or 0,
            "profile": profile if isinstance(profile, str) else None,
            "metric": links["metric"],
            "mark": mark_of(event.id),
        }
        if name in _KINDS and isinstance(properties, Mapping):
            shared["kind"] = _KINDS[name]
            variation = properties.get("$variation")
            if "$flow" in properties:
                yield from self._flow(str(properties["$flow"]), str(properties.get("$message", "")), variation, shared)
            elif "$message" in properties:
                yield from self._campaign(str(properties["$message"]), variation, shared)
        for attribution_id in attributions:
            attribution = self._shop.get("attribution", attribution_id)
            if attribution is None:
                continue
            found = {**shared, "kind": CONVERTED, "value": value_of(properties)}
            if attribution.relationships.get("flow"):
                flow, message = (attribution.relationships.get(one) for one in ("flow", "flow-message"))
                yield from self._flow(str(flow), str(message), None, found)
            else:
                yield from self._campaign(str(attribution.relationships.get("campaign")), None, found)

    def _campaign(self, campaign_id: str, variation: str | None, shared: dict[str, Any]) -> Iterator[tuple[str, Entry]]:
        campaign = self._shop.get("campaign", campaign_id)
        if campaign is None:
            return
        messages = self._shop.related(campaign, "campaign-messages")
        message = messages[shared["mark"] % len(messages)] if messages else ""
        channel = str(campaign.hidden.get("messages.channel"))
        keys = {
            "campaign_id": campaign_id,
            "campaign_message_id": message,
            "campaign_message_name": campaign.attributes["name"],
            "send_channel": _CHANNELS.get(channel, channel),
            **_variation(variation),
        }
        yield "campaign", Entry(keys=keys, tags=self._tags(campaign), **shared)

    def _flow(
        self, flow_id: str, message_id: str, variation: str | None, shared: dict[str, Any]
    ) -> Iterator[tuple[str, Entry]]:
        flow, message = self._shop.get("flow", flow_id), self._shop.get("flow-message", message_id)
        if flow is None or message is None:
            return
        keys = {
            "flow_id": flow_id,
            "flow_name": flow.attributes["name"],
            "flow_message_id": message_id,
            "flow_message_name": message.hidden.get("name"),
            "send_channel": _CHANNELS.get(str(message.attributes.get("channel")), "email"),
            **_variation(variation),
        }
        yield "flow", Entry(keys=keys, tags=self._tags(flow), **shared)

    def _tags(self, resource: Resource) -> list[tuple[str, str]]:
        found = (self._shop.get("tag", tag_id) for tag_id in self._shop.related(resource, "tags"))
        return [(tag.id, tag.attributes["name"]) for tag in found if tag is not None]

    def _members(self) -> Iterator[Entry]:
        for segment_id, profile, joined in self._shop.memberships("segment"):
            yield Entry(instant_of(joined) or 0, "joined", {"segment_id": segment_id}, profile)

    def _forms(self, start: int, end: int) -> Iterator[Entry]:
        for form in self._shop.resources("form"):
            versions = self._shop.related(form, "form-versions")
            day = moment_of(start).replace(hour=0, minute=0, second=0, microsecond=0)
            while microseconds(day) < end:
                mark = mark_of(form.id, day.date())
                for number in range(mark % len(_FORM_KINDS)):
                    at = microseconds(day + timedelta(minutes=(mark >> 8) % 1440))
                    version = versions[mark % len(versions)] if versions else None
                    keys = {"form_id": form.id, "form_version_id": version}
                    yield Entry(at, _FORM_KINDS[number], keys, f"visitor {mark % 2}")
                day += timedelta(days=1)


def _variation(variation: str | None) -> dict[str, str | None]:
    return {"variation": variation, "variation_name": variation and f"Variation {variation}"}
