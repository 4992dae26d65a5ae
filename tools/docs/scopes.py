"""The table of scopes, stream by stream: what each stream's requests take, from declarations and contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from tap_klaviyo import contract
from tap_klaviyo.records.fieldsets import includes_of
from tap_klaviyo.records.selection import choose
from tap_klaviyo.streams.reports.base import CalendarStream
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo
from tools.docs.pages import code, table

if TYPE_CHECKING:
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.streams.base import BaseStream


@dataclass(frozen=True)
class Scopes:
    """The scopes that a stream cannot do without, and by scope the columns that are null without it."""

    needed: frozenset[str]
    filling: dict[str, list[str]] = field(default_factory=dict)


@cache
def streams() -> dict[str, BaseStream]:
    """Return every stream as it is without settings, in the order of the declarations."""
    tap = TapKlaviyo(config={"api_url": "sandbox://"})
    return {stream.name: stream for stream in tap.discover_streams()}


def source_of(stream: KlaviyoStream) -> Source:
    """Return what a stream's first sync asks, with its default selection."""
    sync, _ = stream.begin()
    return stream.plan(sync).source


def scopes_of(stream: BaseStream) -> Scopes:
    """Return the scopes of a stream's default selection."""
    if isinstance(stream, CalendarStream):
        beside = ["/api/accounts"] + (["/api/metrics"] if stream.metric_wanted() else [])
        return Scopes(
            frozenset(stream.endpoint.scopes).union(*(contract.newest().endpoint(path).scopes for path in beside))
        )
    if not isinstance(stream, KlaviyoStream):
        return Scopes(frozenset(stream.endpoint.scopes))
    source = source_of(stream)
    related = source.endpoint.relationships
    needed = set(source.endpoint.scopes)
    filling: dict[str, list[str]] = {}
    for choice in choose(stream.columns, None):
        for include in includes_of([choice]) & source.optional_includes:
            for scope in set(contract.newest().scopes(related[include].type)) - needed:
                filling.setdefault(scope, []).append(choice.column.name)
    for include in {*source.ask.include, *([stream.via] if stream.via else [])} - source.optional_includes:
        needed |= {*contract.newest().scopes(related[include].type)}
    return Scopes(frozenset(needed | _of_others(stream)), {k: v for k, v in filling.items() if k not in needed})


def _of_others(stream: KlaviyoStream) -> set[str]:
    """The scopes of the lists that a stream is read through."""
    found: set[str] = set()
    if stream.fallback:
        found |= {*contract.newest().endpoint(stream.fallback.path).scopes}
    if stream.linked_from:
        listed = streams()[stream.linked_from.stream].endpoint
        found |= {
            *listed.scopes,
            *contract.newest().scopes(listed.relationships[stream.linked_from.relationship].type),
        }
    name = stream.spec.parent
    while name is not None:
        parent = streams()[name]
        found |= {*parent.endpoint.scopes}
        spec = parent.spec if isinstance(parent, KlaviyoStream) else None
        if spec and spec.via:
            found |= {*contract.newest().scopes(spec.endpoint.relationships[spec.via].type)}
        name = spec.parent if spec else None
    return found


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
