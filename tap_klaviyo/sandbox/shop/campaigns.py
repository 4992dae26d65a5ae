"""Campaigns of all channels, archived or not, their messages and their jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

CAMPAIGNS = 260
_CHANNELS = ("email", "email", "email", "sms", "mobile_push")
_STATUSES = ("Sent", "Draft", "Scheduled", "Cancelled: No Recipients", "Sent")
_METHODS: tuple[dict[str, Any], ...] = (
    {"method": "immediate"},
    {"method": "throttled", "throttle_percentage": 20},
    {"method": "smart_send_time", "date": "2025-05-01"},
)
_JOBS = ("complete", "processing", "queued", "cancelled")


def campaign_id(maker: Maker, index: int) -> str:
    """Return the id of the ``index``-th campaign: old ones are short."""
    return maker.short("campaign", index) if index % 4 == 0 else maker.ulid("campaign", index)


def message_id(maker: Maker, number: int) -> str:
    """Return the id of a message: its campaign's index times ten, and its place there."""
    short = number // 10 % 2
    return maker.short("campaign-message", number) if short else maker.ulid("campaign-message", number)


def _archived(index: int) -> bool:
    return index % 2 == 1


def _name(index: int) -> str:
    return f"Campaign {index}: Größe & Co 🎯" if index % 10 == 0 else f"Campaign {index}"


def names(maker: Maker) -> list[tuple[str, str]]:
    """Return id and name of the campaigns that events speak of."""
    return [(campaign_id(maker, index), _name(index)) for index in range(CAMPAIGNS) if index % 3]


def made(
    maker: Maker, tag_ids: list[str], list_ids: list[str], template_ids: list[str], image_ids: list[str]
) -> list[Resource]:
    """Return campaigns, messages, send jobs, recipient estimations and their jobs."""
    found = []
    for index in range(CAMPAIGNS):
        channel = _CHANNELS[index % len(_CHANNELS)]
        campaign = Resource(
            "campaign",
            campaign_id(maker, index),
            _campaign(index, list_ids),
            {"tags": [tag_ids[(index + offset) % len(tag_ids)] for offset in range(index % 4)]},
            {"messages.channel": channel},
        )
        found.append(campaign)
        found += _messages(maker, index, channel, template_ids, image_ids)
        found += _of_campaign(campaign.id, index)
    return found


def _campaign(index: int, list_ids: list[str]) -> dict[str, Any]:
    status = _STATUSES[index % len(_STATUSES)]
    at = before_anchor(300 - index)
    strategy: dict[str, Any] = {"method": "static", "datetime": at, "options": None}
    if index % 4:
        strategy = dict(_METHODS[index % len(_METHODS)])
        if strategy["method"] == "throttled":
            strategy["datetime"] = at
    tracking: dict[str, Any] = {
        "add_tracking_params": index % 2 == 0,
        "custom_tracking_params": None if index % 2 else [],
        "is_tracking_clicks": True,
        "is_tracking_opens": True,
    }
    return {
        "name": _name(index),
        "status": status,
        "archived": _archived(index),
        "audiences": {"included": [list_ids[index % len(list_ids)]], "excluded": None if index % 3 else []},
        "send_options": {"use_smart_sending": None if index % 5 == 0 else True},
        "tracking_options": tracking if index % 6 else None,
        "send_strategy": strategy,
        "created_at": before_anchor(500 - index),
        # many campaigns were changed by one migration
        "updated_at": before_anchor(400 - index if index % 4 else 20),
        "scheduled_at": None if status == "Draft" else before_anchor(320 - index),
        "send_time": at if status == "Sent" else None,
    }


def _messages(maker: Maker, index: int, channel: str, template_ids: list[str], image_ids: list[str]) -> list[Resource]:
    found = []
    for variation in range(2 if index % 20 == 0 else 1):
        number = index * 10 + variation
        links = {
            "campaign": campaign_id(maker, index),
            # drafts have no template yet
            "template": template_ids[number % len(template_ids)] if channel == "email" and index % 5 != 1 else None,
            "image": image_ids[number % len(image_ids)] if channel == "mobile_push" else None,
        }
        attributes = {
            "definition": _definition(channel, index),
            "send_times": [{"datetime": before_anchor(300 - index), "is_local": False}] if index % 3 else None,
            "created_at": before_anchor(500 - index),
            "updated_at": before_anchor(400 - index),
        }
        found.append(Resource("campaign-message", message_id(maker, number), attributes, dict(links)))
    return found


def _definition(channel: str, index: int) -> dict[str, Any]:
    if channel == "sms":
        return {
            "channel": "sms",
            "content": {"body": f"Hi {{{{ first_name }}}} #{index}", "media_url": None},
            "render_options": {
                "shorten_links": True,
                "add_org_prefix": True,
                "add_info_link": True,
                "add_opt_out_language": False,
            },
        }
    if channel == "mobile_push":
        return {
            "channel": "mobile_push",
            "notification_type": "standard",
            "content": {"title": "New in", "body": f"Look #{index}", "dynamic_image": None},
            "kv_pairs": {"sku": str(index)} if index % 2 else None,
        }
    draft = index % 5 == 1
    return {
        "channel": "email",
        "label": f"Message {index}",
        "content": {
            "subject": "" if draft else f"Subject {index}",
            "preview_text": "",
            "from_email": "shop@example.com",
            "from_label": "The shop",
            "reply_to_email": None,
            "cc_email": None,
            "bcc_email": None,
        },
    }


def _of_campaign(resource_id: str, index: int) -> list[Resource]:
    status = {"status": _JOBS[index % len(_JOBS)]}
    found = [Resource("campaign-send-job", resource_id, dict(status))] if index % 5 == 0 else []
    # there is no estimation until one was asked for
    if index % 3 != 1:
        found.append(Resource("campaign-recipient-estimation-job", resource_id, dict(status)))
        count = {"estimated_recipient_count": index * 37}
        found.append(Resource("campaign-recipient-estimation", resource_id, dict(count)))
    return found
