"""The shop as one revision sees it: which rows its types stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.document import Document
    from tap_klaviyo.sandbox.shop import Resource, Shop
    from tap_klaviyo.sandbox.shop.store import Shelf

# since this revision two types keep their names and mean the rows of another model
_SINCE = "2026-10-15"
_SHELVES = {"campaign": "omnichannel-campaign", "campaign-message": "omnichannel-campaign-message"}
_RELATIONSHIPS = {("tag", "campaigns"): "omnichannel-campaigns"}


class View:
    """One shop, read by the names of one revision's document."""

    def __init__(self, shop: Shop, document: Document) -> None:
        self.shop = shop
        self._document = document
        renamed = document.revision >= _SINCE
        self._shelves = _SHELVES if renamed else {}
        self._relationships = _RELATIONSHIPS if renamed else {}

    def shelf(self, resource_type: str) -> Shelf:
        """Return the shelf with the rows of a type."""
        return self.shop.shelf(self._shelves.get(resource_type, resource_type))

    def get(self, resource_type: str, resource_id: str) -> Resource | None:
        """Return one resource, None where there is no such id."""
        return self.shelf(resource_type).get(resource_id)

    def related(self, resource: Resource, name: str) -> list[str]:
        """Return the ids that a relationship of ``resource`` leads to, in a fixed order."""
        return self.shop.related(resource, self._relationships.get((resource.type, name), name))

    def resources(self, resource_type: str) -> list[Resource]:
        """Return all resources of a type, in the order of their ids: the truth that a reader is measured by."""
        return self.shop.resources(self._shelves.get(resource_type, resource_type))

    def counts(self) -> dict[str, int]:
        """Return how many rows there are of every type that the revision has."""
        with self.shop.lock:
            return {name: len(self.shelf(name)) for name in self._document.types()}
