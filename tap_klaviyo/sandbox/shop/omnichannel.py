"""Campaigns of the newer model: audiences, messages and their variations, of four channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop import campaigns
from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource
from tap_klaviyo.sandbox.shop.variations import details_of

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker
    from tap_klaviyo.sandbox.shop.store import Link

# over one page; the first were made the old way and have the same ids, one message and one variation each
CAMPAIGNS, _OLD = 130, 40
_MOST = 3  # messages of one campaign
CAMPAIGN, MESSAGE, VARIATION = "omnichannel-campaign", "omnichannel-campaign-message", "campaign-variation"
_STATUSES = ("sent", "draft", "scheduled", "sending", "cancelled")
_CHANNELS = ("email", "sms", "push", "whatsapp")
_STRATEGIES = ("static", "local_timezone", "throttled", "ab_send_time_test", "content_variation", None)
_THROTTLING = ("none", "throttle-for-campaigns", "throttle-for-campaigns-and-flows", None)


@dataclass(frozen=True)
class Content:
    """The ids that campaigns lead to."""

    tags: list[str]
    lists: list[str]
    templates: list[str]
    images: list[str]


def made(maker: Maker, content: Content) -> list[Resource]:
    """Return campaigns, audiences, messages and variations."""
    found: list[Resource] = []
    for index in range(CAMPAIGNS):
        campaign_id = campaigns.campaign_id(maker, index) if index < _OLD else maker.ulid(CAMPAIGN, index)
        tags = [content.tags[(index + offset) % len(content.tags)] for offset in range(index % 3)]
        found.append(Resource(CAMPAIGN, campaign_id, _campaign(index), {"tags": tags}))
        audiences = [_audience(maker, index, number, campaign_id, content.lists) for number in range(_audiences(index))]
        found += audiences
        for number in range(_messages(index)):
            audience = audiences[number % len(audiences)].id if audiences else None
            links: dict[str, Link] = {"campaign": campaign_id, "campaign-audience": audience, "tags": tags[number:]}
            found += _message(maker, index * _MOST + number, links, content)
    return found


def _messages(index: int) -> int:
    # a canvas that was just opened has no message yet
    return 1 if index < _OLD else 0 if index % 6 == 4 else 1 + index % 3


def _audiences(index: int) -> int:
    return 1 if index < _OLD else index % 3


def _variations(number: int) -> int:
    return 1 if number // _MOST < _OLD else (1, 0, 2, 1, 4)[number % 5]


def _campaign(index: int) -> dict[str, Any]:
    definition: dict[str, Any] = {"name": f"Canvas {index}: Größe 🎯" if index % 7 == 0 else f"Canvas {index}"}
    definition |= {"builder": ("wizard", "canvas", None)[index % 3], "archived": index % 5 == 3}
    # what was never set is null, or it is not there
    if index % 4:
        definition |= {"color": "#1E88E5" if index % 2 else None, "description": "" if index % 3 else None}
        definition["send_settings"] = _send_settings(index) if index % 6 else None
    return {
        "created_at": before_anchor(480 - index),
        # several were changed in one second
        "updated_at": before_anchor(240 - index // 3) if index != 5 else None,
        "definition": definition,
    }


def _send_settings(index: int) -> dict[str, Any]:
    return {
        "send_timezone": "America/New_York" if index % 2 else None,
        "send_strategy": "static",
        "send_passed_rltz_immediately": index % 4 == 1,
        "exit_condition_enabled": None,
        "exit_condition_conversion_metric_id": None,
    }


def _audience(maker: Maker, index: int, number: int, campaign_id: str, lists: list[str]) -> Resource:
    definition: dict[str, Any] = {
        "name": f"Audience {number}" if index % 4 else None,
        "included": [lists[(index + number) % len(lists)], lists[(index + number + 3) % len(lists)]],
        "excluded": None if index % 3 else [],
        "priority": number if index % 2 else None,
    }
    if index % 11 == 0:
        definition = {}
    dates = {"created": before_anchor(480 - index), "updated": before_anchor(230 - index // 3)}
    audience_id = maker.ulid("campaign-audience", index * 10 + number)
    return Resource("campaign-audience", audience_id, {**dates, "definition": definition}, {"campaign": campaign_id})


def _message(maker: Maker, number: int, links: dict[str, Link], content: Content) -> list[Resource]:
    message_id = maker.ulid(MESSAGE, number)
    index, status = number // _MOST, _STATUSES[number % len(_STATUSES)]
    variation_ids = [_variation_id(maker, number, at) for at in range(_variations(number))]
    definition: dict[str, Any] = {"name": f"Message {number}", "status": status if number % 23 else None}
    if status != "draft":
        definition["send_options"] = _send_options(number, variation_ids)
        definition["tracking_options"] = _tracking(number) if number % 4 else None
        definition["ab_test"] = (
            {"winner_metric": "opens_unique", "winner_percentage": 20, "winner_wait_hours": 4}
            if len(variation_ids) > 1
            else None
        )
    dates = {
        "created": before_anchor(470 - index),
        # many were changed by one migration
        "updated": before_anchor(220 - index if index % 4 else 25),
    }
    found = [Resource(MESSAGE, message_id, {**dates, "definition": definition}, links)]
    for at, variation_id in enumerate(variation_ids):
        # two of one channel are a test; four are one for each channel
        channel = _CHANNELS[(number + (at if len(variation_ids) > 2 else 0)) % len(_CHANNELS)]
        image_id = content.images[number % len(content.images)] if channel == "push" and number % 8 else None
        template_id = content.templates[number % len(content.templates)]
        own = _definition(number, at, channel, template_id, image_id)
        found.append(_variation(number, {"campaign-message": message_id, "image": image_id}, own, variation_id))
    return found


def _variation_id(maker: Maker, number: int, at: int) -> str:
    # the message of a campaign that was made the old way is a variation here
    return (
        campaigns.message_id(maker, number // _MOST * 10)
        if number // _MOST < _OLD
        else maker.ulid(VARIATION, number * 10 + at)
    )


def _send_options(number: int, variation_ids: list[str]) -> dict[str, Any]:
    strategy = _STRATEGIES[number % len(_STRATEGIES)]
    at = before_anchor(200 - number // _MOST)
    by_variation = strategy == "ab_send_time_test"
    return {
        "send_time": None if by_variation else at,
        "send_times": dict.fromkeys(variation_ids, at) if by_variation else None,
        "send_strategy": strategy,
        "recipient_percentage": 20 if strategy == "throttled" else None,
        "throttling_type": _THROTTLING[number % len(_THROTTLING)],
        "throttle_unit": "hour" if strategy == "throttled" else None,
        "is_ignoring_unsubscribes": False,
    }


def _tracking(number: int) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [{"name": "utm_source", "value": "klaviyo"}]
    return {
        "is_add_utm": number % 2 == 0,
        "is_tracking_clicks": True,
        "is_tracking_opens": None if number % 3 else True,
        "tracking_params": parameters if number % 2 == 0 else None,
    }


def _variation(number: int, links: dict[str, Link], definition: dict[str, Any], variation_id: str) -> Resource:
    dates = {"created": before_anchor(460 - number // _MOST), "updated": before_anchor(210 - number // _MOST)}
    return Resource(VARIATION, variation_id, {**dates, "definition": definition}, links)


def _definition(number: int, at: int, channel: str, template_id: str, image_id: str | None) -> dict[str, Any]:
    definition: dict[str, Any] = {"name": f"Variation {at}" if number % 3 else None}
    # a draft has no details: they are null, or they are not there
    if number % 10 == 1:
        definition["details"] = None
    elif number % 10 != 6:
        definition["details"] = details_of(channel, number, template_id if number % 4 else None, image_id)
    return definition
