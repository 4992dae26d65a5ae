"""The table of scopes, stream by stream: what each stream's requests take, from declarations and contract."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tap_klaviyo.streams import scopes
from tap_klaviyo.tap import TapKlaviyo
from tools.docs.pages import code, table

if TYPE_CHECKING:
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.streams.base import BaseStream
    from tap_klaviyo.streams.resource import KlaviyoStream


@cache
def streams() -> dict[str, BaseStream]:
    """Return every stream as it is without settings, in the order of the declarations."""
    tap = TapKlaviyo(config={"api_url": "sandbox://"})
    return {stream.name: stream for stream in tap.discover_streams()}


def source_of(stream: KlaviyoStream) -> Source:
    """Return what a stream's first sync asks, with its default selection."""
    sync, _ = stream.beginning.begin()
    return stream.plan(sync).source


def scopes_of(stream: BaseStream) -> scopes.Scopes:
    """Return the scopes of a stream's default selection."""
    return scopes.scopes_of(stream, streams())


def by_stream() -> str:
    """The scopes of every stream."""
    return table(("stream", "scopes", "more, for columns"), (_row(stream) for stream in streams().values()))


def _row(stream: BaseStream) -> tuple[str, str, str]:
    found = scopes_of(stream)
    more = "; ".join(f"`{scope}`: {code(columns)}" for scope, columns in sorted(found.filling.items()))
    star = "" if stream.selected_by_default else " (off)"
    return f"`{stream.name}`{star}", code(sorted(found.needed)), more


def by_default() -> str:
    """The scopes that a key needs for all that is on by default, and those for the rest."""
    on, rest = set[str](), set[str]()
    for stream in streams().values():
        found = scopes_of(stream)
        (on if stream.selected_by_default else rest).update(found.needed, found.filling)
    return (
        f"On by default: {code(sorted(on))}.\n\nWhat is off by default takes these beside: {code(sorted(rest - on))}."
    )
