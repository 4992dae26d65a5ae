"""Shelves of events and their attributions, worked out when they are read: there may be millions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from tap_klaviyo.sandbox.instants import SECOND
from tap_klaviyo.sandbox.shop.events import ATTRIBUTION, Event, attribution, number_of
from tap_klaviyo.sandbox.shop.store import Shelf

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator

    from tap_klaviyo.sandbox.shop.store import Entry, Resource
    from tap_klaviyo.sandbox.shop.world import World

# events are numbered in the order of these, and their ids rise with their numbers
_UNITS = {"datetime": 1, "timestamp": SECOND}


class Timeline(Sequence["Entry"]):
    """The entries of all events in order, as a sorted list would hold them."""

    def __init__(self, world: World, instants: array[int], unit: int) -> None:
        self._world = world
        self._instants = instants
        self._unit = unit

    def __len__(self) -> int:
        return len(self._instants)

    @overload
    def __getitem__(self, at: int) -> Entry: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...

    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        event = Event(self._world, at, self._instants[at])
        return (1, self._instants[at] // self._unit), event.id, event


class EventShelf(Shelf):
    """All events. The first change makes it a shelf like any other, which only small shops can afford."""

    def __init__(self, world: World, instants: array[int]) -> None:
        super().__init__()
        self._world = world
        self._instants = instants
        self._settled = False

    def __len__(self) -> int:
        return super().__len__() if self._settled else len(self._instants)

    def __iter__(self) -> Iterator[Resource]:
        if self._settled:
            return super().__iter__()
        return (Event(self._world, number, instant) for number, instant in enumerate(self._instants))

    def get(self, resource_id: str) -> Resource | None:
        """Return one event, None where there is no such id."""
        if self._settled:
            return super().get(resource_id)
        number = number_of(resource_id)
        if number is None or number >= len(self._instants):
            return None
        return Event(self._world, number, self._instants[number])

    def put(self, resource: Resource) -> None:
        """Add an event, in place of the one with its id."""
        self._settle()
        super().put(resource)

    def delete(self, resource_id: str) -> None:
        """Take an event away, if it is there."""
        self._settle()
        super().delete(resource_id)

    def order(self, name: str, *, largest: bool = False) -> Sequence[Entry]:
        """Return the entries in ascending order of ``name``, ties by id."""
        if not self._settled and name in _UNITS:
            return Timeline(self._world, self._instants, _UNITS[name])
        return super().order(name, largest=largest)

    def _settle(self) -> None:
        if not self._settled:
            resources = list(self)
            self._settled = True
            self.fill(resources)


class AttributionShelf(Shelf):
    """All attributions that the shop starts with, and those that a test adds."""

    def __init__(self, world: World, instants: array[int]) -> None:
        super().__init__()
        self._events = EventShelf(world, instants)

    def __iter__(self) -> Iterator[Resource]:
        found = (attribution(event) for event in self._events if isinstance(event, Event))
        yield from (one for one in found if one is not None and super(AttributionShelf, self).get(one.id) is None)
        yield from super().__iter__()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def get(self, resource_id: str) -> Resource | None:
        """Return one attribution, None where there is no such id."""
        event = self._events.get(resource_id.removesuffix(ATTRIBUTION))
        made = attribution(event) if isinstance(event, Event) else None
        return super().get(resource_id) or (made if made is not None and made.id == resource_id else None)
