"""Flows, their actions and messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

# not archived, these are still over one page
FLOWS = 64
_TRIGGERS = ("Added to List", "Metric", "Date Based", "Unconfigured", "Price Drop", "Low Inventory", None)
_MESSAGES = ("Email", "SMS")


def flow_ids(maker: Maker) -> list[str]:
    """Return the ids of the flows."""
    return [maker.short("flow", index) for index in range(FLOWS)]


def _action_id(maker: Maker, flow: int, place: int) -> str:
    return str(40_000_000 + maker.number("flow-action", flow * 10 + place) % 10_000_000)


def _message_id(maker: Maker, flow: int, place: int) -> str:
    return maker.short("flow-message", flow * 10 + place)


def message_ids(maker: Maker) -> list[tuple[str, str]]:
    """Return flow id and message id of each flow's first message."""
    return [(flow_id, _message_id(maker, index, 0)) for index, flow_id in enumerate(flow_ids(maker)) if index % 5]


def made(maker: Maker, tag_ids: list[str], template_ids: list[str]) -> list[Resource]:
    """Return flows, actions and messages."""
    found = []
    for index, flow_id in enumerate(flow_ids(maker)):
        parts = _parts(maker, index, flow_id, template_ids) if index % 5 else []
        links = {"tags": [tag_ids[(index * 2 + offset) % len(tag_ids)] for offset in range(index % 3)]}
        actions = [part for part in parts if part.type == "flow-action"]
        found += [Resource("flow", flow_id, _flow(index, actions), dict(links)), *parts]
    return found


def _flow(index: int, actions: list[Resource]) -> dict[str, Any]:
    return {
        "name": f"Flow {index}",
        "status": ("live", "draft", "manual")[index % 3],
        "archived": index % 6 == 0,
        "created": before_anchor(600 - index),
        "updated": before_anchor(100 - index // 4),
        "trigger_type": _TRIGGERS[index % len(_TRIGGERS)],
        "definition": {
            "triggers": [{"type": "list", "id": "Y6nRLr"}],
            "profile_filter": None,
            "actions": [action.attributes["definition"] for action in actions],
            "entry_action_id": actions[0].id if actions else None,
            "reentry_criteria": {"duration": 30, "unit": "day"},
        },
    }


def _parts(maker: Maker, flow: int, flow_id: str, template_ids: list[str]) -> list[Resource]:
    found = []
    for place in range(1 + flow % 3):
        action_id = _action_id(maker, flow, place)
        message_id = _message_id(maker, flow, place)
        template_id = template_ids[(flow + place) % len(template_ids)]
        channel = _MESSAGES[(flow + place) % len(_MESSAGES)]
        message = _email(message_id, place, template_id) if channel == "Email" else _sms(message_id, place)
        dates = {"created": before_anchor(600 - flow), "updated": before_anchor(90 - flow)}
        action = {
            "id": action_id,
            "type": "send-email" if channel == "Email" else "send-sms",
            "data": {"message": message, "status": "live"},
            "links": {"next": None},
        }
        hidden = {"status": "live", "action_type": action["type"]}
        found.append(Resource("flow-action", action_id, {**dates, "definition": action}, {"flow": flow_id}, hidden))
        links = {"flow-action": action_id, "template": template_id if channel == "Email" else None}
        attributes = {**dates, "channel": channel if flow % 7 else None, "definition": message, **_translated(message)}
        found.append(Resource("flow-message", message_id, attributes, dict(links), {"name": message["name"]}))
    # an action that sends nothing has no message
    wait = _action_id(maker, flow, 9)
    delay = {"id": wait, "type": "time-delay", "data": {"unit": "days", "value": 2}, "links": {"next": None}}
    attributes = {"created": before_anchor(600 - flow), "updated": before_anchor(90 - flow), "definition": delay}
    waiting = {"status": "live", "action_type": "time-delay"}
    return [*found, Resource("flow-action", wait, attributes, {"flow": flow_id}, dict(waiting))]


def _translated(message: dict[str, Any]) -> dict[str, Any]:
    """Return what a translation's flow message has and a flow's has not."""
    if "body" in message:
        return {"name": message["name"], "content": {"body": message["body"], "media_url": None}}
    kept = ("from_email", "from_label", "preview_text", "reply_to_email", "cc_email", "bcc_email")
    content = {"subject": message["subject_line"], **{name: message[name] for name in kept}}
    return {"name": message["name"], "content": content}


def _email(message_id: str, place: int, template_id: str) -> dict[str, Any]:
    return {
        "id": message_id,
        "name": f"Email {place}",
        "from_email": "shop@example.com",
        "from_label": "The shop",
        "reply_to_email": None,
        "cc_email": None,
        "bcc_email": None,
        "subject_line": f"Welcome {place}",
        "preview_text": "",
        "template_id": template_id,
        "smart_sending_enabled": True,
        "transactional": False,
        "add_tracking_params": False,
        "custom_tracking_params": None,
        "additional_filters": None,
    }


def _sms(message_id: str, place: int) -> dict[str, Any]:
    return {
        "id": message_id,
        "name": f"Text {place}",
        "body": "Hello 👋",
        "image_id": None,
        "dynamic_image": None,
        "shorten_links": True,
        "add_org_prefix": True,
        "add_info_link": True,
        "add_opt_out_language": False,
        "smart_sending_enabled": True,
        "sms_quiet_hours_enabled": False,
        "transactional": False,
        "add_tracking_params": False,
        "custom_tracking_params": None,
        "additional_filters": None,
    }
