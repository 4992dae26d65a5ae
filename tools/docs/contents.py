"""What each table holds, stream by stream: freshness, deletions, cost, scopes, personal data and columns."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from tools.docs.arrivals import arrival, removal
from tools.docs.columns import personal, reference
from tools.docs.scopes import streams
from tools.docs.streams import category, limit, scopes, sentences

if TYPE_CHECKING:
    from tap_klaviyo.streams.base import BaseStream


def facts(stream: BaseStream) -> dict[str, str]:
    """What is to be known of a stream before it is read, by what it is about."""
    _, cost, _ = sentences(stream)
    return {
        "Arrives": arrival(stream),
        "Gone": removal(stream),
        "Costs": f"{cost.removesuffix('.')}; at most {limit(stream)}",
        "Scopes": scopes(stream),
        "Personal": personal(stream),
    }


def in_full() -> str:
    """A section a category, and in it one a stream."""
    found = []
    for title, group in groupby(streams().values(), category):
        found.append(f"## {title}")
        for stream in group:
            found += [f"### {stream.name}", *_section(stream)]
    return "\n\n".join(found)


def _section(stream: BaseStream) -> list[str]:
    record, _, more = sentences(stream)
    off = "" if stream.selected_by_default else "Off by default."
    said = " ".join(part for part in (record, more, off) if part)
    return [said, "\n".join(f"- **{name}:** {fact}." for name, fact in facts(stream).items()), reference(stream)]
