"""The account's brand: buttons, colors, logos, social groups, e-mail defaults and its voice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.store import Link, Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

BUTTONS, COLORS, LOGOS, SOCIAL_GROUPS = 4, 3, 3, 3
_DARK, _LIGHT = "#222222", "#FFFFFF"


def made(maker: Maker, account_id: str, image_ids: list[str]) -> list[Resource]:
    """Return all resources of this part."""
    buttons = [Resource("brand-button", maker.ulid("brand-button", at), _button(at)) for at in range(BUTTONS)]
    colors = [Resource("brand-color", maker.ulid("brand-color", at), _color(at)) for at in range(COLORS)]
    logos = [
        Resource("brand-logo", maker.ulid("brand-logo", at), _logo(at), {"image": image_ids[at] if at else None})
        for at in range(LOGOS)
    ]
    groups = [
        Resource("brand-social-group", maker.ulid("brand-social-group", at), _social(at)) for at in range(SOCIAL_GROUPS)
    ]
    links: dict[str, Link] = {
        "brand-button": buttons[0].id,
        "brand-logo": logos[1].id,
        "brand-social-group": groups[0].id,
    }
    defaults = Resource("brand-email-default", account_id, _email_defaults(), links)
    return [*buttons, *colors, *logos, *groups, defaults, Resource("brand-voice", account_id, _voice())]


def _text() -> dict[str, Any]:
    return {
        "color": _DARK,
        "font_family": "Arial",
        "font_size": 16,
        "font_style": "normal",
        "font_weight": 400,
        # a number or text
        "letter_spacing": 0,
        "text_decoration": "none",
    }


def _button(index: int) -> dict[str, Any]:
    if index == BUTTONS - 1:
        # nothing but a name was ever set
        return {
            "name": "Old button",
            **dict.fromkeys(("is_primary", "style", "border", "spacing", "text", "preview_page_hex")),
        }
    return {
        "name": f"Button {index}",
        "is_primary": index == 0,
        "style": {"background_color": _DARK, "border_radius": 4, "box_shadow": "none", "is_shadow_active": False},
        "border": {"border_color": _DARK, "border_style": "solid", "border_width": 1, "is_border_active": True},
        "spacing": {"padding_top": 8, "padding_right": 16, "padding_bottom": 8, "padding_left": 16},
        "text": {**_text(), "letter_spacing": "normal" if index else 1},
        "preview_page_hex": _LIGHT,
    }


def _color(index: int) -> dict[str, Any]:
    colors = [{"hex": "#1E88E5", "name": "Blau 🌊"}, {"hex": _DARK, "name": ""}]
    return {"name": f"Palette {index}" if index else None, "colors": colors[:index] if index < 2 else None}


def _logo(index: int) -> dict[str, Any]:
    size = {"width": 600, "height": 200} if index else {"width": None, "height": None}
    return {**size, "alt_text": "" if index else None, "link_url": "https://shop.example.com", "name": f"Logo {index}"}


def _social(index: int) -> dict[str, Any]:
    known = {"platform": "x_twitter", "link_url": "https://x.example.com/shop"}
    custom = {
        "platform": "custom",
        "link_url": "https://club.example.com",
        "asset_id": None,
        "asset_url": "https://cdn.example.com/club.png",
        "width": 32,
        "height": 32,
    }
    return {"name": f"Social {index}", "social_links": [known, custom][: index + 1] if index < 2 else None}


def _email_defaults() -> dict[str, Any]:
    link = {**_text(), "font_family": None, "font_size": None}
    headings = {f"h{level}_text": _text() for level in range(1, 5)}
    return {
        "body": {
            "background_color": _LIGHT,
            "body_background_color": _LIGHT,
            "link_text": link,
            "text": _text(),
            **headings,
        },
        "header": {
            "background_color": _LIGHT,
            "link_text": link,
            "links": [{"text": "Sale", "url": "https://shop.example.com/sale"}],
            "logo_max_width": None,
        },
        "footer": {"background_color": _DARK, "link_text": link, "text": _text(), "social_group_color": "default"},
    }


def _voice() -> dict[str, Any]:
    tone = {"name": "Warm", "description": "As to a friend", "user_modified": True}
    return {
        "version": "3",
        "tone_descriptors": [tone],
        "language_patterns": [{"name": "Short", "description": "Under 12 words"}],
    }
