"""One chain a parent, several parents at once, in the order of the parents' ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError, MalformedIdError, NotFoundError
from tap_klaviyo.pagination.chain import Chain
from tap_klaviyo.pagination.misses import Misses
from tap_klaviyo.pagination.reader import Segment, Step
from tap_klaviyo.records.page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tap_klaviyo.pagination.parents import Listed, Parent


@dataclass(slots=True)
class OneParent(Segment):
    """The chain of one parent; a parent that is gone by now, as its first page says, has no children."""

    parent: Parent
    chain: Chain
    misses: Misses
    """What counts the parents that fail."""
    begun: bool = False
    """Whether a page has been read: from then on a 404 is no end but a page that is missing."""

    def read(self) -> Step:
        """Read one page; the last one says that the parent is finished."""
        try:
            step = self.chain.read()
        except KlaviyoError as error:
            if isinstance(error, NotFoundError | MalformedIdError) and not self.begun:
                return Step(Page(finished_parent=self.parent.id))
            if not self.misses.passes_over(error):
                raise
            return Step(Page(failed_parent=self.parent.id, failure=error))
        self.misses.hit()
        if not step.rest:
            page = step.page or Page.EMPTY
            return Step(page.finishing(self.parent.id))
        return Step(
            step.page,
            [OneParent(self.parent, rest, self.misses, begun=True) for rest in step.rest if isinstance(rest, Chain)],
        )


@dataclass(slots=True)
class AllParents(Segment):
    """A fan-out that does not know its parents yet.

    ``parents`` lists them, ``chain`` starts the chain of one; those up to ``after`` were finished by an earlier run,
    and those in ``failed``, which come last, could not be read by one.
    """

    parents: Callable[[], Listed]
    chain: Callable[[Parent], Chain]
    after: str | None = None
    failed: Collection[str] = ()

    def read(self) -> Step:
        """List the parents, in the order of their ids, which is the same in every run."""
        listed = self.parents()
        ordered = sorted(listed.parents, key=lambda parent: (parent.id in self.failed, parent.id))
        asked = [one for one in ordered if self.after is None or one.id > self.after or one.id in self.failed]
        misses = Misses()
        return Step(
            Page(parents=len(asked), unlisted=listed.unlisted),
            [OneParent(one, self.chain(one), misses) for one in asked],
        )
