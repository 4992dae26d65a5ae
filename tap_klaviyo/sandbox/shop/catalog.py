"""Catalog items, variants and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

ITEMS, CATEGORIES = 130, 15
_PREFIX = "$custom:::$default:::"


def item_ids() -> list[str]:
    """Return the ids of the items: not by seed, for they repeat across accounts."""
    return [f"{_PREFIX}SAMPLE-ITEM-{index}" for index in range(ITEMS)]


def variant_ids() -> list[str]:
    """Return the ids of the variants."""
    return [f"{_PREFIX}SAMPLE-ITEM-{item}-V{number}" for item in range(ITEMS) for number in range(item % 3)]


def category_ids() -> list[str]:
    """Return the ids of the categories."""
    return [f"{_PREFIX}CATEGORY {index}/Ü" for index in range(CATEGORIES)]


def made(maker: Maker) -> list[Resource]:
    """Return items with their categories, variants, and the categories."""
    categories = [
        Resource(
            "catalog-category",
            category_id,
            {
                "external_id": category_id.removeprefix(_PREFIX),
                "name": f"Category {index}",
                "updated": before_anchor(80 - index),
            },
            {},
            {"created": before_anchor(500 - index)},
        )
        for index, category_id in enumerate(category_ids())
    ]
    choices = maker.choices("catalog")
    items = []
    variants = []
    for index, item_id in enumerate(item_ids()):
        links = {"categories": [category_ids()[(index * 5 + at) % CATEGORIES] for at in range(index % 4)]}
        thing = _thing(item_id, index, choices.randrange(1, 9999) / 100)
        items.append(Resource("catalog-item", item_id, thing, dict(links)))
        for number in range(index % 3):
            variant_id = f"{item_id}-V{number}"
            stock = {
                "sku": variant_id.removeprefix(_PREFIX),
                "inventory_policy": (0, 1, 2, None)[(index + number) % 4],
                "inventory_quantity": index * 1.5 if index % 4 else 10,
            }
            attributes = {**_thing(variant_id, index + number, 0.5 + index), **stock}
            variants.append(Resource("catalog-variant", variant_id, attributes, {"item": item_id}))
    return [*categories, *items, *variants]


def _thing(resource_id: str, index: int, price: float | None) -> dict[str, Any]:
    return {
        "external_id": resource_id.removeprefix(_PREFIX),
        "title": f"Thing {index} ☕",
        "description": "" if index % 2 else "Good <i>thing</i>",
        "price": price if index % 7 else None,
        "url": f"https://shop.example.com/{index}",
        "image_full_url": None if index % 3 else f"https://cdn.example.com/i/{index}.jpg",
        "image_thumbnail_url": None,
        "images": [f"https://cdn.example.com/i/{index}.jpg"] if index % 3 == 0 else [],
        "custom_metadata": {"Top Pick": True, "weights": [1, 2.5]} if index % 2 else {},
        "published": index % 9 != 0,
        "created": before_anchor(600 - index // 4),
        "updated": before_anchor(70 - index // 3),
    }
