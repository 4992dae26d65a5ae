"""What the state says of a stream: its bookmark, what is done once a day, and reads that a run left unfinished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.page import ChainPlace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

REPLICATION_KEY_VALUE = "replication_key_value"
LOOKBACK_AT = "lookback_at"
SWEPT_AT = "swept_at"
READ_AT = "read_at"
FULL_AT = "full_at"
VERSION = "version"
FAN_OUT = "fan_out"
LOOKBACK = "lookback"
FULL = "full"
ACTIVE = "active"
TURN_AT = "turn_at"
INSTANTS = (REPLICATION_KEY_VALUE, LOOKBACK_AT, SWEPT_AT, READ_AT, FULL_AT)
# What says how far reads came.
PLACES = (*INSTANTS, FAN_OUT, LOOKBACK, FULL)
MEMBERS = frozenset({*INSTANTS, VERSION, FAN_OUT, LOOKBACK, FULL, ACTIVE, TURN_AT})


class BrokenStateError(ValueError):
    """A state that cannot be resumed; starting over silently would hide it."""


@dataclass(frozen=True, slots=True)
class FanOutPlace:
    """How far a read came that no order bounds: its bound, the last parent that it finished, what it does beside."""

    until: datetime
    after_parent: str | None = None
    """None before the first parent is finished, and where there are no parents."""
    lookback: bool = False
    sweep: bool = True
    """Whether it asks every parent; a state that does not say so is of a time when all fan-outs did."""
    chain: ChainPlace | None = None
    """Where it came to in a chain behind that parent."""


@dataclass(frozen=True, slots=True)
class LookbackPlace:
    """How far a lookback came: when it began, and the instant up to which rows were written again."""

    began: datetime
    through: datetime


@dataclass(frozen=True, slots=True)
class FullPlace:
    """How far a full read came: the version of its rows, and the last instant, or the last parent, that was written."""

    version: int
    through: datetime | None = None
    after_parent: str | None = None
    chain: ChainPlace | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What earlier runs left of a stream."""

    bookmark: datetime | None = None
    lookback_at: datetime | None = None
    """When the last complete lookback began."""
    swept_at: datetime | None = None
    """When the last complete sweep began."""
    read_at: datetime | None = None
    """When the last complete read began, a sweep or not."""
    full_at: datetime | None = None
    """When the last complete full read began, or the first read of all."""
    version: int | None = None
    """What the rows of the table carry since the last complete full read."""
    fan_out: FanOutPlace | None = None
    lookback: LookbackPlace | None = None
    full: FullPlace | None = None
    active: frozenset[str] | None = None
    """Parents with new rows lately; None if they are not known, or too many."""

    @classmethod
    def of(cls, state: Mapping[str, Any], stream: str) -> Saved:
        """Read a stream's part of the state.

        Raises:
            BrokenStateError: Something in it cannot be read.
        """
        return cls(
            bookmark=read_instant(state, REPLICATION_KEY_VALUE, stream),
            lookback_at=read_instant(state, LOOKBACK_AT, stream),
            swept_at=read_instant(state, SWEPT_AT, stream),
            read_at=read_instant(state, READ_AT, stream),
            full_at=read_instant(state, FULL_AT, stream),
            version=_version(state, stream),
            fan_out=_fan_out(state, stream),
            lookback=_lookback(state, stream),
            full=_full(state, stream),
            active=_active(state, stream),
        )

    @property
    def table_version(self) -> int | None:
        """What incremental rows carry: a full read that is under way will drop all rows of versions before its own."""
        return self.full.version if self.full else self.version


def read_instant(state: Mapping[str, Any], key: str, stream: str) -> datetime | None:
    """Read a date-time of a stream's state.

    Raises:
        BrokenStateError: It is there and is no date-time.
    """
    value = state.get(key)
    if value is None:
        return None
    try:
        return parse_instant(str(value))
    except ValueError:
        msg = f"'{key}' of '{stream}' in the state is not a date-time; fix it, or remove it to read from the beginning"
        raise BrokenStateError(msg) from None


def _fan_out(state: Mapping[str, Any], stream: str) -> FanOutPlace | None:
    place = _place(state, FAN_OUT, stream)
    if place is None:
        return None
    until, parent, chain = read_instant(place, "until", stream), place.get("after_parent"), _chain(place)
    if until is None or not (isinstance(parent, str) or (parent is None and chain)):
        raise _broken(FAN_OUT, stream, "until and after_parent")
    lookback, sweep = bool(place.get("lookback", False)), bool(place.get("sweep", True))
    return FanOutPlace(until, parent, lookback, sweep, chain)


def _lookback(state: Mapping[str, Any], stream: str) -> LookbackPlace | None:
    place = _place(state, LOOKBACK, stream)
    if place is None:
        return None
    began, through = (read_instant(place, name, stream) for name in ("began", "through"))
    if began is None or through is None:
        raise _broken(LOOKBACK, stream, "began and through")
    return LookbackPlace(began, through)


def _full(state: Mapping[str, Any], stream: str) -> FullPlace | None:
    place = _place(state, FULL, stream)
    if place is None:
        return None
    version, parent = _version(place, stream), place.get("after_parent")
    if version is None or not (parent is None or isinstance(parent, str)):
        raise _broken(FULL, stream, "version, and through or after_parent")
    return FullPlace(version, read_instant(place, "through", stream), parent, _chain(place))


def _chain(place: Mapping[str, Any]) -> ChainPlace | None:
    """Return a place in a chain; one that cannot be used costs the pages before it, and nothing else."""
    chain, link = place.get("chain"), place.get("link")
    return ChainPlace(chain, link) if isinstance(chain, str) and isinstance(link, str) else None


def _active(state: Mapping[str, Any], stream: str) -> frozenset[str] | None:
    active = state.get(ACTIVE)
    if active is None:
        return None
    if not isinstance(active, list) or not all(isinstance(parent, str) for parent in active):
        raise _broken(ACTIVE, stream, "a list of ids")
    return frozenset(active)


def _place(state: Mapping[str, Any], key: str, stream: str) -> Mapping[str, Any] | None:
    places = state.get(key)
    place = places[0] if isinstance(places, list) and len(places) == 1 else places
    if place is not None and not isinstance(place, dict):
        raise _broken(key, stream, "a list of one object")
    return place or None


def _version(state: Mapping[str, Any], stream: str) -> int | None:
    version = state.get(VERSION)
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        msg = f"'{VERSION}' of '{stream}' in the state is not an integer; remove it"
        raise BrokenStateError(msg)
    return version


def _broken(key: str, stream: str, needed: str) -> BrokenStateError:
    return BrokenStateError(f"'{key}' of '{stream}' in the state needs {needed}; remove it to start that read over")
