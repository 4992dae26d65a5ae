"""Tags and tag groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

# over one page of each
TAGS, GROUPS = 53, 27


def tag_ids(maker: Maker) -> list[str]:
    """Return the ids of the tags."""
    return [maker.uuid("tag", index) for index in range(TAGS)]


def made(maker: Maker) -> list[Resource]:
    """Return the tags and their groups."""
    groups = [
        Resource(
            "tag-group",
            maker.uuid("tag-group", index),
            {"name": f"Group {index}", "exclusive": index % 3 == 0, "default": index == 0},
        )
        for index in range(GROUPS)
    ]
    tags = [
        Resource(
            "tag",
            tag_id,
            {"name": f"tag {index} 🏷" if index % 5 == 0 else f"tag {index}"},
            {"tag-group": groups[index % 7].id},
        )
        for index, tag_id in enumerate(tag_ids(maker))
    ]
    return [*groups, *tags]
