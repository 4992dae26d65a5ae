"""How long a first sync takes: what Klaviyo's limits let through a minute."""

from __future__ import annotations

from tap_klaviyo import contract
from tap_klaviyo.streams.resource import KlaviyoStream
from tools.docs.pages import code, table
from tools.docs.scopes import source_of, streams

_MINUTES = 91  # from here on hours are easier to read


def rates() -> str:
    """How many rows, or parents, Klaviyo's limits let through a minute; the slowest last."""
    found: dict[tuple[int, str], list[str]] = {}
    for stream in streams().values():
        if not isinstance(stream, KlaviyoStream):
            continue  # a daily quota bounds these
        rate, what = _rate(stream)
        if rate:
            found.setdefault((rate, what), []).append(stream.name)
    head = ("at most a minute", "100,000 take", "streams")
    return table(
        head,
        ((f"{rate:,} {what}", _time(100_000 / rate), code(found[rate, what])) for rate, what in sorted(found)[::-1]),
    )


def _rate(stream: KlaviyoStream) -> tuple[int, str]:
    """A stream's rate, and what it counts; 0 for what is one request."""
    source = source_of(stream)
    if stream.parent is not None:
        return source.limits.steady, stream.parent.name.replace("_", " ")
    size = source.page_size or source.endpoint.fixed_page_size
    if size is None or not source.endpoint.cursor:
        return 0, ""
    listed = str(source.endpoint.resource)
    what = contract.newest().schema_name(listed).replace("_", " ") if stream.via or stream.member else "rows"
    return source.limits.steady * size, what


def _time(minutes: float) -> str:
    return f"{max(minutes, 1):.0f} min" if minutes < _MINUTES else f"{minutes / 60:.0f} h"
