"""When a change is in the warehouse, and how a row that is gone shows there: for each stream, from its declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.streams.reports.report import ReportStream
from tap_klaviyo.streams.resource import KlaviyoStream
from tools.docs import sweeps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tap_klaviyo.streams.base import BaseStream

# What says of a row that it was put away, and keeps it.
_PUT_AWAY = ("archived", "hidden")
# Replication keys that a change moves; the others say when a row began.
UPDATED = frozenset({"updated", "updated_at"})


def arrival(stream: BaseStream) -> str:
    """What arrives when: new rows and changes of rows."""
    if isinstance(stream, ReportStream):
        return f"with the next run: the days up to yesterday; with each run: the last {stream.lookback} days again"
    assert isinstance(stream, KlaviyoStream)  # noqa: S101 - without settings there is nothing else
    found: dict[str, list[str]] = {}
    for when, what in _parts(stream):
        found.setdefault(when, []).append(what)
    return "; ".join(f"{when}: {', and '.join(what)}" for when, what in found.items())


def removal(stream: BaseStream) -> str:
    """How a row shows that Klaviyo no longer has."""
    if isinstance(stream, ReportStream):
        return "never dropped; what is read again takes the place of what was there"
    assert isinstance(stream, KlaviyoStream)  # noqa: S101 - as above
    kept = [name for name in _PUT_AWAY if any(column.name == name for column in stream.columns)]
    more = "".join(f"; {name} rows stay, with `{name}` true" for name in kept)
    policy = stream.policy()
    if policy.retention is not None:
        return f"never dropped; Klaviyo itself keeps {policy.retention.days} days"
    if not policy.keyed:
        often = _within(policy.sweep_every) if policy.sweep_every else "with each run"
        return f"dropped {often}, if `emit_activate_version_messages` is set{more}"
    unbounded = ", unless `start_date` or `end_date` bounds the stream" if stream.bounded else ""
    return f"dropped by a full read{unbounded}{more}"


def _parts(stream: KlaviyoStream) -> Iterator[tuple[str, str]]:
    policy, key = stream.policy(), stream.declared_replication_key
    if key is None and not stream.swept:
        yield "with each run", "everything"
        return
    first = sweeps.asked(stream) if stream.swept else f"what is new{_or_changed(key)} by `{key}`"
    if first != sweeps.NOTHING:
        yield "with the next run", first
    if policy.future_dated:
        yield "with each run until its date", "what is dated in the future"
    if policy.lookback is not None:
        yield _within(policy.lookback_every), f"what shows up to {policy.lookback.days} days late"
    if policy.sweep_every is not None:
        without_date = policy.keyed and not policy.sweeps_whole and not policy.by_parent
        rest = "everything" if first == sweeps.NOTHING else "the rest"
        yield _within(policy.sweep_every), f"what has no `{key}`" if without_date else rest


def _or_changed(key: str | None) -> str:
    return " or changed" if key in UPDATED else ""


def _within(time: timedelta) -> str:
    return f"within {time.total_seconds() / 3600:.0f} hours"
