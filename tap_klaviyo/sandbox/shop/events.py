"""Events: thousands of them, so each is only a time and a number until it is read."""

from __future__ import annotations

from array import array
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import SECOND, microseconds, text_of
from tap_klaviyo.sandbox.shop import metrics
from tap_klaviyo.sandbox.shop.happenings import properties_of
from tap_klaviyo.sandbox.shop.making import ANCHOR, SPAN, spaced
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    import random

    from tap_klaviyo.sandbox.shop.store import Link
    from tap_klaviyo.sandbox.shop.world import World

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# where pages of the usual sizes end, counted from the oldest event: rows of one second lie over these edges
_PAGE_EDGES = (100, 200, 400, 1000, 2000)
# the customer dates an event: this one is decades ahead, at a fixed date so that two runs agree on it
FUTURE = "2099-01-01T00:00:00+00:00"
# both changes of the clock in Europe and in America, and the turn of a year, to the microsecond
_EDGES_OF_TIME = (
    *("2024-03-31T00:59:59+00:00", "2024-03-31T01:00:00+00:00", "2024-10-27T01:00:00+00:00"),
    *("2024-03-10T07:00:00+00:00", "2024-11-03T06:00:00+00:00", "2024-02-29T23:59:59.999999+00:00"),
    *("2023-12-31T23:59:59.999999+00:00", "2024-01-01T00:00:00+00:00", "2024-12-31T23:59:59+00:00"),
    *("2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00.000001+00:00"),
)
_FIRST_METRICS = len(metrics.KINDS)
_BURSTS = 20
ATTRIBUTION = "-1"  # after the event's id
# ids are spelled two letters at a time; the first six of them rise
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_BASE = len(_PAIRS)
_RISING, _FIRST_ID = 6, 3 * 62 * _BASE**2


def event_id(number: int) -> str:
    """Return the id of an event: short or long, and rising with the number."""
    mixed = number * 0x5DEECE66D + 0xB
    tail = _pairs(mixed) if number % 7 == 0 else _pairs(mixed) + _pairs(mixed >> 12) + _pairs(mixed >> 24)
    rising = number + _FIRST_ID
    return _pairs(rising // _BASE**2) + _pairs(rising // _BASE) + _pairs(rising) + tail


def _pairs(number: int) -> str:
    return _PAIRS[number % _BASE]


def number_of(resource_id: str) -> int | None:
    """Return the number of the event with this id, None where no event can have it."""
    number = -_FIRST_ID
    for place, letter in enumerate(reversed(resource_id[:_RISING])):
        number += _LETTERS.find(letter) * len(_LETTERS) ** place
    return number if number >= 0 and event_id(number) == resource_id else None


class Event(Resource):
    """An event, its attributes worked out from its number when they are read."""

    __slots__ = ("_instant", "_number", "_world")

    def __init__(self, world: World, number: int, instant: int) -> None:
        self.type = "event"
        self.id = event_id(number)
        self._world = world
        self._number = number
        self._instant = instant

    @property
    def hidden(self) -> dict[str, Any]:  # type: ignore[override]
        """Nothing: all that can be filtered by is in the answer."""
        return {}

    @property
    def _metric(self) -> int:
        # a few metrics have most of the events, some have none
        mixed = (self._number * 2_654_435_761) >> 7
        return mixed % _FIRST_METRICS if mixed % 11 else mixed % 40

    @property
    def relationships(self) -> dict[str, Link]:  # type: ignore[override]
        """Metric, profile (None for the events of deleted profiles) and attributions."""
        return {"metric": self._metric_id, "profile": self._profile_id, "attributions": self.attribution_ids}

    def related_ids(self, name: str) -> list[str]:
        """Return the ids of one relationship without working out the others."""
        if name == "metric":
            return [self._metric_id]
        if name == "profile":
            profile = self._profile_id
            return [] if profile is None else [profile]
        return self.attribution_ids

    @property
    def _metric_id(self) -> str:
        return self._world.metrics[self._metric]

    @property
    def _profile_id(self) -> str | None:
        profiles = self._world.profiles
        return profiles[self._number * 48_271 % len(profiles)] if profiles and self._number % 97 != 13 else None

    @property
    def number(self) -> int:
        """The event's place in time among those that the shop started with."""
        return self._number

    @property
    def world(self) -> World:
        """What it speaks of."""
        return self._world

    @property
    def attribution_ids(self) -> list[str]:
        """The ids of its attributions: some orders have one."""
        return [f"{self.id}{ATTRIBUTION}"] if self._number % 3 == 0 and self._kind == "order" else []

    @property
    def _kind(self) -> str:
        return metrics.KINDS[self._metric][0] if self._metric < _FIRST_METRICS else "odd"

    @property
    def attributes(self) -> dict[str, Any]:  # type: ignore[override]
        """All attributes of an event."""
        text = text_of(self._instant)
        return {
            "timestamp": self._instant // SECOND,
            "event_properties": properties_of(self._world, self._kind, self._number, self._instant),
            "datetime": spaced(text) if self._number % 5 == 2 else text,
            "uuid": None if self._number % 41 == 7 else _uuid(self._number),
        }

    def own_values(self, name: str) -> list[Any]:
        """Return the values of a field without working out the rest."""
        if name == "datetime":
            return [self._instant]
        if name == "timestamp":
            return [self._instant // SECOND]
        return super().own_values(name)


def _uuid(number: int) -> str:
    digits = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _instants(choices: random.Random, count: int, *, bursts: bool) -> list[int]:
    end = microseconds(ANCHOR)
    start = microseconds(ANCHOR - SPAN)
    hours = [choices.randrange(start, end, 3600 * SECOND) for _ in range(_BURSTS)]
    found = [instant for text in _EDGES_OF_TIME[:count] for instant in (microseconds(datetime.fromisoformat(text)),)]
    while len(found) < count:
        number = len(found)
        if bursts and number % 5:
            instant = hours[number % _BURSTS] + choices.randrange(3600 * SECOND)
        else:
            instant = choices.randrange(start, end)
        # two of three fall on a whole second
        found.append(instant if number % 3 == 0 else instant // SECOND * SECOND)
    found.sort()
    for edge in _PAGE_EDGES:
        tied = range(max(0, edge - 3), min(count, edge + 4))
        for at in tied:
            found[at] = found[tied[0]]
    return found


def instants(world: World, count: int, *, bursts: bool) -> array[int]:
    """Return when the ``count`` events of a shop happen, in order, the last of them in the future."""
    found = array("q", _instants(world.maker.choices("event"), max(0, count - 1), bursts=bursts))
    if count:
        found.append(microseconds(datetime.fromisoformat(FUTURE)))
    return found


def attribution(event: Event) -> Resource | None:
    """Return what an event is attributed to, None for most."""
    if not event.attribution_ids:
        return None
    links = {"event": event.id, "attributed-event": event_id(event.number // 2), **_credited(event.world, event.number)}
    return Resource("attribution", event.attribution_ids[0], {}, links)


def _credited(world: World, number: int) -> dict[str, Link]:
    """Whose message an order is credited to: a flow's or a campaign's, never both."""
    if number % 2:
        flow, message = world.flows[number % len(world.flows)]
        return {"campaign": None, "flow": flow, "flow-message": message}
    campaign, _ = world.campaigns[number % len(world.campaigns)]
    return {"campaign": campaign, "flow": None, "flow-message": None}
