"""What a variation of a campaign's message says on each channel."""

from __future__ import annotations

from typing import Any


def details_of(channel: str, number: int, template_id: str | None, image_id: str | None) -> dict[str, Any]:
    """Return the details of a variation: each channel has a shape of its own."""
    if channel == "email":
        return _email(number, template_id)
    if channel == "sms":
        return _sms(number)
    if channel == "push":
        return _push(number, image_id)
    return {"channel": "whatsapp", "template_id": template_id, "shorten_links": number % 2 == 0}


def _email(number: int, template_id: str | None) -> dict[str, Any]:
    return {
        "channel": "email",
        "template_id": template_id,
        "subject": f"Subject {number} 🎯" if number % 5 else "",
        "preview_text": "",
        "from_email": "shop@example.com",
        "from_label": "The shop",
        "reply_to_email": "",
        "cc_email": "",
        "bcc_email": "",
    }


def _sms(number: int) -> dict[str, Any]:
    return {
        "channel": "sms",
        "body": f"Hi {{{{ first_name }}}} #{number}",
        "template_id": None,
        "text_message_type": ("SMS", "MMS", "RCS")[number % 3],
        "shorten_links": True,
        "include_contact_card": None,
        "add_org_prefix": True,
        "add_info_link": True,
        "add_opt_out_language": number % 2 == 0,
        "cost": 0.0075 if number % 2 else None,
        "mms_static_image_asset_id": number if number % 3 == 1 else None,
        "mms_dynamic_image_template": None,
        "message_hierarchy": None,
    }


def _push(number: int, image_id: str | None) -> dict[str, Any]:
    button = {"label": "Shop", "action_type": "open_url", "url": "https://shop.example.com", "icon": None}
    return {
        "channel": "push",
        "title": "New in",
        "body": f"Look #{number}",
        "push_type": "silent" if number % 9 == 0 else "standard",
        "badge": True,
        "badge_config": "increment-one",
        "badge_value": "",
        "sound": False,
        "sound_file_name": "",
        "open_action": 1,
        "static_asset_id": int(image_id) if image_id else None,
        "video_asset_id": None,
        "dynamic_media_template": "",
        "kv_pairs": {"sku": str(number)} if number % 2 else None,
        "ios_deep_link": None,
        "android_deep_link": None,
        "web_url": "https://shop.example.com" if number % 3 else None,
        "content_available": None,
        "mutable_content": None,
        "action_buttons": [button] if number % 2 else None,
    }
