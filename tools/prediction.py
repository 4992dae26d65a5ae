"""What a sync will take: `python -m tools.prediction events=2000000 profiles=300000 lists=40 list_profiles=500000`.

From how many rows there are, the declarations of the streams that are on by default, and Klaviyo's limits.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.changes import changed_condition
from tools.docs.pages import table
from tools.docs.scopes import source_of, streams
from tools.docs.sweeps import NOTHING, asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tap_klaviyo.contract import Limits

# An account of many events and few flows, for the page on performance.
EXAMPLE = {
    "events": 2_000_000,
    "profiles": 300_000,
    "lists": 40,
    "list_profiles": 500_000,
    "flows": 40,
    "flow_actions": 320,
    "flow_messages": 160,
    "campaigns": 300,
    "campaign_messages": 300,
}
WORKERS = 24
_RESPONSE = 0.3
_SHOWN = 6
_MINUTE = 60
# Requests for rows that come in bursts, for each full page.
_BURSTS = 1.4
_SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """What one stream asks of one endpoint; `side_by_side` says how many requests can be under way at once."""

    stream: str
    path: str
    limits: Limits
    requests: int
    side_by_side: int = WORKERS


def by_limit(requests: int, limits: Limits) -> float:
    """Return the seconds until the last may leave: a minute for each full limit before it, the rest as a burst."""
    minutes, rest = divmod(max(requests - 1, 0), limits.steady)
    return minutes * _MINUTE + rest / limits.burst


def seconds(costs: Iterable[Cost], response: float = 0.0) -> float:
    """Return how long they take together if a response takes so long.

    Streams of one endpoint share its limits. Slow ones are read beside the others, which are read one after another.
    """
    by_path: dict[str, list[Cost]] = defaultdict(list)
    for cost in costs:
        by_path[cost.path].append(cost)
    slow, others = [0.0], 0.0
    for found in by_path.values():
        limits = found[0].limits
        by_network = sum(one.requests * response / one.side_by_side for one in found)
        took = max(by_limit(sum(one.requests for one in found), limits), by_network)
        if limits.slow:
            slow.append(took)
        else:
            others += took
    return max(others, *slow)


def first(sizes: Mapping[str, int]) -> list[Cost]:
    """Return what the first sync costs, by the rows that each stream has."""
    return [*_whole(sizes), *_listings(sizes, whole=True)]


def between(sizes: Mapping[str, int]) -> list[Cost]:
    """Return what a sync between two sweeps costs if nothing is new."""
    return [*_unchanged(sizes), *_listings(sizes, whole=False)]


def _whole(sizes: Mapping[str, int]) -> Iterator[Cost]:
    for stream in _by_default():
        pages, source = _pages(stream, sizes), source_of(stream)
        if stream.parent is not None:
            parents = _with_children(stream, sizes)
            yield Cost(stream.name, source.endpoint.path, source.limits, parents + _full(stream, sizes))
            continue
        if stream.spec.windowed:
            pages = math.ceil(pages * _BURSTS) + 1
        side_by_side = WORKERS if stream.spec.windowed else 1
        requests = pages + len(stream.spec.variants) - 1
        yield Cost(stream.name, source.endpoint.path, source.limits, requests, side_by_side)
        linked = stream.spec.linked_from
        if linked is not None:  # a column comes from another stream's list
            yield _list_of(linked.stream, sizes)
        fallback = stream.spec.fallback
        if fallback is not None:  # the list lacks a column: one request for each that has such rows
            asked_again = min(_rows(stream, sizes), sizes.get(stream.name, 0))
            yield Cost(stream.name, fallback.endpoint.path, fallback.endpoint.limits, asked_again)


def _unchanged(sizes: Mapping[str, int]) -> Iterator[Cost]:
    for stream in _by_default():
        spec, source = stream.spec, source_of(stream)
        if stream.parent is not None or (spec.swept and asked(stream) == NOTHING):
            continue
        requests = sum(not variant.swept for variant in spec.variants)
        if spec.cursor is None and changed_condition(spec.endpoint, _SINCE) is None:
            requests += _pages(stream, sizes) - 1  # what cannot be filtered is read whole
        yield Cost(stream.name, source.endpoint.path, source.limits, requests, side_by_side=1)
        if spec.linked_from is not None:
            yield _list_of(spec.linked_from.stream, sizes)


def _list_of(name: str, sizes: Mapping[str, int]) -> Cost:
    stream = streams()[name]
    assert isinstance(stream, KlaviyoStream)  # noqa: S101 - for whoever checks types
    source = source_of(stream)
    return Cost(name, source.endpoint.path, source.limits, _pages(stream, sizes), side_by_side=1)


def _listings(sizes: Mapping[str, int], *, whole: bool) -> Iterator[Cost]:
    """Parents are listed once, however many streams need them."""
    parents = {stream.parent.name: stream.parent for stream in _by_default() if stream.parent is not None}
    for name in parents:
        parent = streams()[name]
        if isinstance(parent, KlaviyoStream) and (whole or parent.parent is None):
            source = source_of(parent)
            lists = len(parent.spec.variants) if parent.parent is None else sizes.get(parent.parent.name, 0)
            yield Cost(name, source.endpoint.path, source.limits, lists + (_pages(parent, sizes) - 1 if whole else 0))


def _by_default() -> Iterator[KlaviyoStream]:
    for stream in streams().values():
        if isinstance(stream, KlaviyoStream) and stream.selected_by_default:
            yield stream


def _rows(stream: KlaviyoStream, sizes: Mapping[str, int]) -> int:
    """The rows that a stream's list has: its own, or those that carry them."""
    if not stream.via:
        return sizes.get(stream.name, 0)
    carriers = (one.name for one in _by_default() if one.path == stream.path and not one.via and one.member is None)
    return max((sizes.get(name, 0) for name in carriers), default=0)


def _pages(stream: KlaviyoStream, sizes: Mapping[str, int]) -> int:
    if not source_of(stream).endpoint.cursor:
        return 1
    return max(1, math.ceil(_rows(stream, sizes) / _page_size(stream)))


def _page_size(stream: KlaviyoStream) -> int:
    source = source_of(stream)
    return source.page_size or source.endpoint.fixed_page_size or 1


def _full(stream: KlaviyoStream, sizes: Mapping[str, int]) -> int:
    """The full pages of the children, each of which has another one behind it."""
    return sizes.get(stream.name, 0) // _page_size(stream) if source_of(stream).endpoint.cursor else 0


def _with_children(stream: KlaviyoStream, sizes: Mapping[str, int]) -> int:
    assert stream.parent is not None  # noqa: S101 - for whoever checks types
    parents = sizes.get(stream.parent.name, 0)
    parent = streams()[stream.parent.name]
    known = isinstance(parent, KlaviyoStream) and parent.spec.childless is not None
    return min(parents, sizes.get(stream.name, parents)) if known else parents


def example() -> str:
    """Return the table of the example."""
    return table_of(EXAMPLE, _RESPONSE)


def table_of(sizes: Mapping[str, int], response: float) -> str:
    """Return what a first sync and one between two sweeps take, and the streams that take most of the first."""
    whole, rest = first(sizes), between(sizes)
    most = sorted(whole, key=lambda cost: -seconds([cost], response))[:_SHOWN]
    lines = [("first sync", whole), ("between two sweeps, nothing new", rest), *((one.stream, [one]) for one in most)]
    rows = ((what, f"{sum(one.requests for one in costs):,}", _time(seconds(costs, response))) for what, costs in lines)
    return table(("what", "requests", "time"), rows)


def _time(of: float) -> str:
    return f"{of:.0f} s" if of < 2 * _MINUTE else f"{of / _MINUTE:.1f} min"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="+", metavar="stream=rows")
    parser.add_argument("--seconds", type=float, default=_RESPONSE, help="that a response takes (default: %(default)s)")
    arguments = parser.parse_args()
    pairs = [size.partition("=") for size in arguments.sizes]
    if unknown := {name for name, _, _ in pairs} - {*streams()}:
        parser.error(f"unknown stream: {', '.join(sorted(unknown))}")
    if wrong := [name for name, _, rows in pairs if not rows.isdecimal()]:
        parser.error(f"say how many rows there are as {wrong[0]}=1000")
    print(table_of({name: int(rows) for name, _, rows in pairs}, arguments.seconds))


if __name__ == "__main__":
    main()
