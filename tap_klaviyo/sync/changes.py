"""Which resources changed since a sync, and which can have no children: what need not be asked between two sweeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract import filters
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.records.jsonapi import decoded

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.fieldsets import Ask
    from tap_klaviyo.records.jsonapi import Document, Resource

# The last two say at least what is new.
_DATES = ("updated", "updated_at", "created", "created_at")


@dataclass(frozen=True, slots=True)
class Childless:
    """A member of the records, as a path in dots, and its values for which a record has no children."""

    path: str
    values: frozenset[str]

    def holds(self, resource: Resource) -> bool:
        """Tell whether the resource is known to have no children; of an unknown kind it may have some."""
        attribute, *inner = self.path.split(".")
        found = decoded((resource.attributes or {}).get(attribute))
        for name in inner:
            found = found.get(name) if isinstance(found, dict) else None
        return isinstance(found, str) and found in self.values


def date_of(endpoint: Endpoint, kind: str) -> str | None:
    """Return the attribute that says when a resource of a type changed last, None if nothing does."""
    return next((name for name in _DATES if name in endpoint.fields.get(kind, ())), None)


def changed_condition(endpoint: Endpoint, since: datetime | None) -> str | None:
    """Return the filter for what changed, if the endpoint can filter by it; None is no filter."""
    date = date_of(endpoint, endpoint.resource)
    return filters.from_bound(date, endpoint.filters, since) if date and since else None


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in a listing of resources of a type, or of what carries them."""

    endpoint: Endpoint
    kind: str
    since: datetime | None
    """None if everything counts as changed."""
    childless: Childless | None = None

    def asked(self, asked: Ask) -> Ask:
        """Return the same with the attributes that say what changed, and what has no children."""
        fields = {kind: set(names) for kind, names in asked.fields.items()}
        if self.childless is not None:
            fields.setdefault(self.kind, set()).add(self.childless.path)
        for kind in {self.kind, self.endpoint.resource} if self.since else ():
            date = date_of(self.endpoint, kind)
            if date is not None:
                fields.setdefault(kind, set()).add(date)
        shown = {kind: tuple(sorted(names - {"id"} or {"id"})) for kind, names in fields.items()}
        return replace(asked, fields=shown)

    def carriers(self, document: Document) -> set[str]:
        """Return the ids of the primary resources that changed."""
        return {one.id for one in document.data if self._changed(one, self.endpoint.resource)}

    def hold(self, resource: Resource, *, carried: bool) -> bool:
        """Tell whether a resource's children are asked; ``carried`` if what carries it changed."""
        if self.childless is not None and self.childless.holds(resource):
            return False
        return carried or self._changed(resource, self.kind)

    def _changed(self, resource: Resource, kind: str) -> bool:
        if self.since is None:
            return True
        date = date_of(self.endpoint, kind)
        if date is None:
            return False
        changed = _instant(decoded((resource.attributes or {}).get(date)))
        return changed is None or changed >= self.since


def _instant(value: Any) -> datetime | None:
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
