"""Lists, segments, and who is in them since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import SECOND, instant_of, microseconds, text_of
from tap_klaviyo.sandbox.shop.making import ANCHOR, DAY, before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

LISTS, SEGMENTS = 27, 14
_EMPTY = 5


def list_ids(maker: Maker) -> list[str]:
    """Return the ids of the lists."""
    return [maker.short("list", index) for index in range(LISTS)]


def segment_ids(maker: Maker) -> list[str]:
    """Return the ids of the segments."""
    return [maker.short("segment", index) for index in range(SEGMENTS)]


def made(maker: Maker, flow_ids: list[str], tag_ids: list[str]) -> list[Resource]:
    """Return the lists and segments."""
    lists = [
        Resource("list", list_id, _list(index, list_id), _links(index, flow_ids, tag_ids))
        for index, list_id in enumerate(list_ids(maker))
    ]
    segments = [
        Resource("segment", segment_id, _segment(maker, index), _links(index + 1, flow_ids, tag_ids))
        for index, segment_id in enumerate(segment_ids(maker))
    ]
    return [*lists, *segments]


def _links(index: int, flow_ids: list[str], tag_ids: list[str]) -> dict[str, Any]:
    tags = [tag_ids[(index * 3 + offset) % len(tag_ids)] for offset in range(index % 3)]
    return {"tags": tags, "flow-triggers": flow_ids[index : index + 1] if index % 4 == 1 else []}


def _list(index: int, list_id: str) -> dict[str, Any]:
    return {
        # names repeat in real accounts
        "name": "Test5" if index % 4 == 3 else f"List {index} {list_id}",
        "created": before_anchor(700 - index),
        # several changed in one second
        "updated": before_anchor(60 - index // 5),
        "opt_in_process": ("double_opt_in", "single_opt_in", None)[index % 3],
        "profile_count": 0,
    }


def _segment(maker: Maker, index: int) -> dict[str, Any]:
    condition = {
        "type": "profile-group-membership",
        "is_member": True,
        "group_ids": [maker.short("list", index)],
        "timeframe_filter": None,
    }
    return {
        "name": f"Segment {index}",
        "definition": {"condition_groups": [{"conditions": [condition]}]},
        "created": before_anchor(500 - index),
        "updated": before_anchor(40 - index // 4),
        "is_active": index % 6 != 0,
        "is_processing": index % 7 == 0,
        "is_starred": index % 5 == 0,
        "profile_count": 0,
    }


def memberships(maker: Maker, profiles: list[Resource]) -> dict[tuple[str, str], dict[str, str]]:
    """Return, for each list and segment, the profiles in it and their ``joined_group_at``."""
    choices = maker.choices("membership")
    anchor = microseconds(ANCHOR)
    groups = [("list", list_id) for list_id in list_ids(maker)]
    groups += [("segment", segment_id) for segment_id in segment_ids(maker)]
    found: dict[tuple[str, str], dict[str, str]] = {}
    for index, group in enumerate(groups):
        joined: dict[str, str] = {}
        if index != _EMPTY:
            for number, profile in enumerate(profiles):
                # the first list has nearly everyone
                if number % (index + 1) if index else number % 50 == 1:
                    continue
                created = instant_of(profile.attributes["created"]) or anchor
                instant = choices.randrange(created, anchor + 1) // SECOND * SECOND
                # an upload makes many members in one second
                if number % 9 < 4:
                    instant = max(instant, anchor - (10 + index) * DAY)
                joined[profile.id] = text_of(instant)
        found[group] = joined
    return found
