"""Where the made-up shop keeps its resources, and in which orders they can be read."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Link = str | list[str] | None
# (rank of null, value), id, resource: unique by id, so that resources are never compared
Entry = tuple[tuple[int, Any], str, "Resource"]

_NULL = (0, 0)
_INSTANTS = frozenset(
    ("datetime", "timestamp", "created", "updated", "created_at", "updated_at", "scheduled_at", "joined_group_at")
)


@dataclass(slots=True)
class Resource:
    """One resource, whole: every attribute, each relationship as an id, ids or None.

    ``hidden`` holds what can be filtered or sorted by and is in no answer (a campaign's channel).
    """

    type: str
    id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    relationships: dict[str, Link] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)

    def own_values(self, name: str) -> list[Any]:
        """Return the values of a dotted attribute, all of them where a list is on the way."""
        if name in {"id", "ids"}:
            return [self.id]
        if name in self.hidden:
            return [self.hidden[name]]
        # what a definition holds is filtered and sorted by its own name
        definition = self.attributes.get("definition")
        inside = isinstance(definition, dict) and name in definition and name not in self.attributes
        found: list[Any] = [definition if inside else self.attributes]
        for part in name.split("."):
            found = [
                item[part]
                for one in found
                for item in (one if isinstance(one, list) else [one])
                if isinstance(item, dict) and part in item
            ]
        # a review's status is an object and is filtered by the value in it
        return [one["value"] if isinstance(one, dict) and "value" in one else one for one in found]

    def related_ids(self, name: str) -> list[str]:
        """Return the ids that a relationship kept by this resource leads to."""
        link = self.relationships.get(name)
        return link if isinstance(link, list) else [] if link is None else [link]


def sort_key(resource: Resource, name: str, *, largest: bool = False) -> tuple[int, Any]:
    """Return what ``resource`` is sorted by; of several values the smallest, or the ``largest``.

    That is how search engines order rows by a field with many values: a profile has several suppressions.
    """
    values = [value for value in resource.own_values(name) if value is not None]
    if name.rpartition(".")[2] in _INSTANTS:
        values = [instant for instant in map(instant_of, values) if instant is not None]
    if not values:
        return _NULL
    return 1, (max if largest else min)(values)


class Shelf:
    """All resources of one type (or one group's members), by id and in every order that was asked for.

    Not locked: the shop's lock guards it.
    """

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._resources: dict[str, Resource] = {}
        self._orders: dict[tuple[str, bool], list[Entry]] = {}
        self.version = 0
        self.fill(resources)

    def fill(self, resources: Iterable[Resource]) -> None:
        """Put all of ``resources`` on a shelf that was never read."""
        self._resources.update((resource.id, resource) for resource in resources)

    def __len__(self) -> int:
        return len(self._resources)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._resources.values())

    def get(self, resource_id: str) -> Resource | None:
        """Return one resource, None where there is no such id."""
        return self._resources.get(resource_id)

    def put(self, resource: Resource) -> None:
        """Add ``resource``, in place of the one with its id."""
        self.delete(resource.id)
        self._resources[resource.id] = resource
        for (name, largest), order in self._orders.items():
            insort(order, (sort_key(resource, name, largest=largest), resource.id, resource))
        self.version += 1

    def delete(self, resource_id: str) -> None:
        """Take a resource away, if it is there."""
        resource = self._resources.pop(resource_id, None)
        if resource is None:
            return
        for (name, largest), order in self._orders.items():
            key = sort_key(resource, name, largest=largest)
            del order[bisect_left(order, (key, resource_id))]
        self.version += 1

    def order(self, name: str, *, largest: bool = False) -> Sequence[Entry]:
        """Return the entries in ascending order of ``name``, ties by id."""
        order = self._orders.get((name, largest))
        if order is None:
            order = ordered(self, name, largest=largest)
            self._orders[name, largest] = order
        return order


def ordered(resources: Iterable[Resource], name: str, *, largest: bool = False) -> list[Entry]:
    """Return entries of ``resources`` in ascending order of ``name``, ties by id."""
    return sorted((sort_key(resource, name, largest=largest), resource.id, resource) for resource in resources)
