"""The scopes that a stream's requests take, from its declaration, its selection and the contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo import contract
from tap_klaviyo.records.fieldsets import includes_of
from tap_klaviyo.streams.metric_events import MetricEvents
from tap_klaviyo.streams.reports.base import CalendarStream
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.metric_choice import known_without_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.streams.base import BaseStream


@dataclass(frozen=True)
class Scopes:
    """The scopes that a stream cannot do without, and by scope the columns that are null without it."""

    needed: frozenset[str]
    filling: dict[str, list[str]] = field(default_factory=dict)


def scopes_of(stream: BaseStream, streams: Mapping[str, BaseStream]) -> Scopes:
    """Return the scopes of a stream's selection; ``streams`` are all that there are, by name."""
    if isinstance(stream, CalendarStream):
        beside = ["/api/accounts"] + (["/api/metrics"] if stream.metric_wanted() else [])
        return Scopes(
            frozenset(stream.endpoint.scopes).union(*(contract.newest().endpoint(path).scopes for path in beside))
        )
    if not isinstance(stream, KlaviyoStream):
        return Scopes(frozenset(stream.endpoint.scopes))
    sync, _ = stream.beginning.begin()
    source = stream.plan(sync).source
    related = source.endpoint.relationships
    needed = set(source.endpoint.scopes)
    filling: dict[str, list[str]] = {}
    for choice in sync.chosen:
        for include in includes_of([choice]) & source.optional_includes:
            for scope in set(contract.newest().scopes(related[include].type)) - needed:
                filling.setdefault(scope, []).append(choice.column.name)
    for include in {*source.ask.include, *([stream.via] if stream.via else [])} - source.optional_includes:
        needed |= {*contract.newest().scopes(related[include].type)}
    needed |= _of_others(stream, streams)
    metrics = stream.metric_choice() if isinstance(stream, MetricEvents) else None
    if metrics is not None and known_without_list(metrics, {}) is None:
        needed |= {*contract.newest().endpoint("/api/metrics").scopes}
    return Scopes(frozenset(needed), {scope: names for scope, names in filling.items() if scope not in needed})


def _of_others(stream: KlaviyoStream, streams: Mapping[str, BaseStream]) -> set[str]:
    """The scopes of the lists that a stream is read through."""
    found: set[str] = set()
    if stream.fallback:
        found |= {*contract.newest().endpoint(stream.fallback.path).scopes}
    if stream.linked_from:
        listed = streams[stream.linked_from.stream].endpoint
        found |= {
            *listed.scopes,
            *contract.newest().scopes(listed.relationships[stream.linked_from.relationship].type),
        }
    name = stream.spec.parent
    while name is not None:
        parent = streams[name]
        found |= {*parent.endpoint.scopes}
        spec = parent.spec if isinstance(parent, KlaviyoStream) else None
        if spec and spec.via:
            found |= {*contract.newest().scopes(spec.endpoint.relationships[spec.via].type)}
        name = spec.parent if spec else None
    return found
