"""Children that an include should have carried in full and did not: they are read from their own endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.chain import Chain
from tap_klaviyo.pagination.fan_out import OneParent
from tap_klaviyo.pagination.misses import Misses
from tap_klaviyo.pagination.parents import Parent
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.jsonapi import Document, Resource, decoded, linkage

if TYPE_CHECKING:
    from tap_klaviyo.pagination.source import Source
    from tap_klaviyo.records.row_maker import RowMaker


@dataclass(frozen=True, slots=True)
class Children:
    """The children's own endpoint, and what has to be missing to send a parent's children there."""

    relationship: str
    attribute: str | None
    linked: tuple[str, ...]
    """To-one relationships whose linkage a child needs: included ones may hold links alone."""
    parent_column: str
    source: Source
    maker: RowMaker
    always: bool = False
    """Whether the children want something that the include never carries."""
    misses: Misses = field(default_factory=Misses)
    """Counts the parents whose own children could not be read."""


@dataclass(slots=True)
class IncludedChildren(Segment):
    """A chain of parents that carry their children; if a child lacks something, its parent is asked."""

    chain: Chain
    children: Children

    def __post_init__(self) -> None:
        self.is_resumed = self.chain.is_resumed

    def read(self) -> Step:
        """Read one page of parents."""
        chain = self.chain
        document, following = chain.link.read(chain.source)
        lacking = [parent for parent in document.data if self._lacks(parent, document)]
        if lacking:
            document.data = [parent for parent in document.data if parent not in lacking]
        page = chain.maker.page(chain.maker.rows(document, chain.context).where(chain.holds))
        rest: list[Segment] = [self._own_chain(parent) for parent in lacking]
        if page.count or lacking:
            page = chain.leading_on(page, following)
        if following is not None:
            rest.append(IncludedChildren(chain.continued(following), self.children))
        return Step(page, rest)

    def _lacks(self, parent: Resource, document: Document) -> bool:
        if self.children.always:
            return True
        children = linkage(parent, self.children.relationship)
        if children is None:
            return True
        found = [document.included.get(key) for key in children]
        return any(child is None or self._is_cut_short(child) for child in found)

    def _is_cut_short(self, child: Resource) -> bool:
        attribute = self.children.attribute
        if attribute is not None and decoded((child.attributes or {}).get(attribute)) is None:
            return True
        return any(linkage(child, name) is None for name in self.children.linked)

    def _own_chain(self, parent: Resource) -> OneParent:
        children = self.children
        context = {**self.chain.context, children.parent_column: parent.id}
        link = children.source.first({"id": parent.id})
        chain = Chain(children.source, children.maker, link, context, self.chain.holds)
        return OneParent(Parent(parent.id, context), chain, children.misses)
