"""One made-up Klaviyo account: its resources, their links, and how tests change them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import Stock
from tap_klaviyo.sandbox.shop.members import Member
from tap_klaviyo.sandbox.shop.relations import GROUP_TYPES, GROUPS, INVERSE, LINK_FIELDS
from tap_klaviyo.sandbox.shop.stock import stocked
from tap_klaviyo.sandbox.shop.store import Resource, Shelf

if TYPE_CHECKING:
    from collections.abc import Iterable


class Shop:
    """Everything in the account, the same for the same ``seed`` and sizes in every process.

    Rows are laid out before a fixed date (``ANCHOR``, 2025-07-01), not before today, so that two runs agree.
    ``events`` and ``profiles`` are counts; with ``bursts`` most events fall into a few single hours.
    ``stock`` takes the place of what these make.
    All methods may be called while other threads read.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        events: int = 3000,
        profiles: int = 400,
        bursts: bool = False,
        stock: Stock | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self._shelves: dict[str, Shelf] = {}
        self._members: dict[tuple[str, str], Shelf] = {}
        self._inverse: dict[tuple[str, str], tuple[int, dict[str, list[str]]]] = {}
        if stock is None:
            stock = stocked(seed, event_count=events, profile_count=profiles, bursts=bursts)
        by_type: dict[str, list[Resource]] = {}
        for resource in stock.resources:
            by_type.setdefault(resource.type, []).append(resource)
        self._shelves = {**{name: Shelf(resources) for name, resources in by_type.items()}, **stock.shelves}
        for group, joined in stock.members.items():
            self._members[group] = Shelf(self._member(profile_id, at) for profile_id, at in joined.items())
            self._count(*group)

    @classmethod
    def empty(cls) -> Shop:
        """Return a shop without a row, for a test to fill."""
        return cls(stock=Stock())

    def shelf(self, resource_type: str) -> Shelf:
        """Return the shelf of a type, an empty one where the shop has none of it."""
        return self._shelves.setdefault(resource_type, Shelf())

    def members(self, group_type: str, group_id: str) -> Shelf:
        """Return the members of a list or segment: profiles, each with its ``joined_group_at``."""
        return self._members.setdefault((group_type, group_id), Shelf())

    def types(self) -> list[str]:
        """Return the resource types that have rows, sorted."""
        return sorted(name for name, shelf in self._shelves.items() if len(shelf))

    def resources(self, resource_type: str) -> list[Resource]:
        """Return all resources of a type, in the order of their ids."""
        with self.lock:
            return sorted(self.shelf(resource_type), key=lambda resource: resource.id)

    def get(self, resource_type: str, resource_id: str) -> Resource | None:
        """Return one resource, None where there is no such id."""
        return self.shelf(resource_type).get(resource_id)

    def memberships(self, group_type: str) -> set[tuple[str, str, str]]:
        """Return ``(group id, profile id, joined_group_at)`` of all members of all lists or all segments."""
        with self.lock:
            return {
                (group_id, member.id, member.hidden["joined_group_at"])
                for (kind, group_id), shelf in self._members.items()
                if kind == group_type
                for member in shelf
            }

    def put(self, resource_type: str, resource: Resource) -> None:
        """Add a resource, in place of the one with its id."""
        with self.lock:
            self.shelf(resource_type).put(resource)

    def update(
        self,
        resource_type: str,
        resource_id: str,
        *,
        relationships: dict[str, Any] | None = None,
        hidden: dict[str, Any] | None = None,
        **attributes: Any,
    ) -> Resource:
        """Change some attributes of a resource and return it as it is now; KeyError where there is no such id."""
        with self.lock:
            old = self.get(resource_type, resource_id)
            if old is None:
                raise KeyError(resource_id)
            new = Resource(
                old.type,
                old.id,
                {**old.attributes, **attributes},
                {**old.relationships, **(relationships or {})},
                {**old.hidden, **(hidden or {})},
            )
            self.shelf(resource_type).put(new)
            return new

    def delete(self, resource_type: str, resource_id: str) -> None:
        """Take a resource away; a profile leaves its groups, a group loses its members."""
        with self.lock:
            self.shelf(resource_type).delete(resource_id)
            self._members.pop((resource_type, resource_id), None)
            if resource_type == "profile":
                for shelf in self._members.values():
                    shelf.delete(resource_id)

    def join(self, group_type: str, group_id: str, profile_id: str, joined_group_at: str) -> None:
        """Make a profile a member of a list or segment (again)."""
        with self.lock:
            self.members(group_type, group_id).put(self._member(profile_id, joined_group_at))
            self._count(group_type, group_id)

    def leave(self, group_type: str, group_id: str, profile_id: str) -> None:
        """Take a profile out of a list or segment."""
        with self.lock:
            self.members(group_type, group_id).delete(profile_id)
            self._count(group_type, group_id)

    def related(self, resource: Resource, name: str) -> list[str]:
        """Return the ids that a relationship of ``resource`` leads to, in a fixed order."""
        kind = resource.type
        if kind == "event":
            # has nothing that another resource keeps, and there are many of them
            return resource.related_ids(name)
        if (kind, name) in GROUPS:
            return self._groups_of(GROUPS[kind, name], resource.id)
        if name == "profiles" and kind in GROUP_TYPES:
            return sorted(member.id for member in self.members(kind, resource.id))
        if (kind, name) in INVERSE:
            return self._inverse_of(*INVERSE[kind, name]).get(resource.id, [])
        return resource.related_ids(name)

    def values(self, resource: Resource, name: str) -> list[Any]:
        """Return the values of a filter field of ``resource``: of an attribute, or the ids of a relationship."""
        if name in LINK_FIELDS and name not in resource.hidden:
            return [link for one in LINK_FIELDS[name] for link in self.related(resource, one)]
        return resource.own_values(name)

    def _member(self, profile_id: str, joined_group_at: str) -> Member:
        return Member(self.shelf("profile"), profile_id, joined_group_at)

    def _count(self, group_type: str, group_id: str) -> None:
        group = self.get(group_type, group_id)
        if group is not None:
            group.attributes["profile_count"] = len(self.members(group_type, group_id))

    def _groups_of(self, group_type: str, profile_id: str) -> list[str]:
        return sorted(
            group_id
            for (kind, group_id), shelf in self._members.items()
            if kind == group_type and shelf.get(profile_id) is not None
        )

    def _inverse_of(self, keeper: str, name: str) -> dict[str, list[str]]:
        shelf = self.shelf(keeper)
        version, found = self._inverse.get((keeper, name), (-1, {}))
        if version != shelf.version:
            found = _inverted(shelf, name)
            self._inverse[keeper, name] = (shelf.version, found)
        return found


def _inverted(resources: Iterable[Resource], name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for resource in resources:
        link = resource.relationships.get(name)
        for target in link if isinstance(link, list) else [link]:
            if target is not None:
                found.setdefault(target, []).append(resource.id)
    for ids in found.values():
        ids.sort()
    return found
