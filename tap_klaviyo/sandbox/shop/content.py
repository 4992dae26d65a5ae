"""Templates, images, universal content, and forms with their versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

TEMPLATES, IMAGES, UNIVERSAL, FORMS = 34, 110, 105, 104
_EDITORS = ("CODE", "SYSTEM_DRAGGABLE", "SIMPLE", "USER_DRAGGABLE")
_SHOTS = ("completed", "failed", "generating", "never_generated", "not_renderable", "stale")
_FORM_TYPES = ("banner", "embed", "flyout", "full_page", "popup")


def template_ids(maker: Maker) -> list[str]:
    """Return the ids of the templates."""
    return [maker.short("template", index) for index in range(TEMPLATES)]


def image_ids(maker: Maker) -> list[str]:
    """Return the ids of the images."""
    return [str(50_000_000 + maker.number("image", index) % 40_000_000) for index in range(IMAGES)]


def made(maker: Maker) -> list[Resource]:
    """Return all resources of this part."""
    templates = [Resource("template", one, _template(index)) for index, one in enumerate(template_ids(maker))]
    images = [Resource("image", one, _image(index)) for index, one in enumerate(image_ids(maker))]
    universal = [
        Resource("template-universal-content", maker.ulid("universal", index), _universal(index))
        for index in range(UNIVERSAL)
    ]
    return [*templates, *images, *universal, *_forms(maker)]


def _template(index: int) -> dict[str, Any]:
    draggable = index % len(_EDITORS) in {1, 3}
    body: dict[str, Any] = {
        "id": None,
        "properties": {"id": None, "css_class": None},
        "styles": {"width": 600},
        "sections": [],
    }
    return {
        "name": f"Template {index}",
        "editor_type": _EDITORS[index % len(_EDITORS)],
        "html": "<html><body>" + "<p>Grüße &amp; more</p>" * (index % 5 + 1) + "</body></html>",
        "text": None if index % 2 else "Grüße",
        "amp": None,
        "created": before_anchor(400 - index) if index != 4 else None,
        "updated": before_anchor(200 - index // 4),
        "screenshot_url": None if index % 5 == 0 else f"https://shots.example.com/{index}.png",
        "definition": {"id": None, "template_id": None, "body": body, "styles": []} if draggable else None,
    }


def _image(index: int) -> dict[str, Any]:
    return {
        "name": f"Image {index}",
        "image_url": f"https://cdn.example.com/{index}.png",
        "format": ("png", "jpeg", "gif")[index % 3],
        "size": 1000 + index * 13,
        "hidden": index % 10 == 0,
        "updated_at": before_anchor(150 - index // 3),
    }


def _universal(index: int) -> dict[str, Any]:
    data = {"content": f"<b>{index}</b>", "display_options": {"show_on": "all", "visible_check": None}}
    definition: dict[str, Any] | None = {"content_type": "block", "type": "html", "data": data}
    if index % 10 == 0:
        definition = {"content_type": "block", "type": "coupon", "data": None}
    return {
        "name": f"Block {index}",
        "definition": definition,
        "created": before_anchor(250 - index),
        "updated": before_anchor(120 - index // 2),
        "screenshot_status": _SHOTS[index % len(_SHOTS)],
        "screenshot_url": "" if index % 6 else f"https://cdn.example.com/s/{index}.png",
    }


def _forms(maker: Maker) -> list[Resource]:
    found = []
    for index in range(FORMS):
        form_id = maker.short("form", index)
        step: dict[str, Any] = {"id": None, "name": "Opt-in", "columns": [], "steps": None}
        shown: dict[str, Any] = {"id": index, "name": "Version 1", "status": "live", "steps": [step]}
        if index % 4 == 1:
            shown["styles"] = {"close_button": {"position": ("left", "right", None)[index % 3]}}
        versions = {"versions": [shown]}
        attributes = {
            "name": f"Form {index}",
            "status": "draft" if index % 3 else "live",
            "ab_test": index % 5 == 0,
            "created_at": before_anchor(350 - index),
            "updated_at": before_anchor(110 - index // 3),
            "definition": versions,
        }
        found.append(Resource("form", form_id, attributes))
        for number in range(index % 4):
            version = {
                "form_type": _FORM_TYPES[(index + number) % len(_FORM_TYPES)],
                "variation_name": f"Variation {number}",
                "ab_test": {"variation_name": f"Variation {number}"} if index % 5 == 0 else None,
                "status": "draft" if number else "live",
                "created_at": before_anchor(350 - index),
                "updated_at": before_anchor(100 - index // 3 + number),
            }
            found.append(Resource("form-version", str(7_000_000 + index * 10 + number), version, {"form": form_id}))
    return found
