"""Parents of a fan-out, and how they are gathered where their own parents have to be asked for them one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError, MalformedIdError, NotFoundError
from tap_klaviyo.pagination.misses import Misses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_klaviyo.pagination.link import Link, Reads
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.record_selector import Context


@dataclass(frozen=True, slots=True)
class Parent:
    """A resource whose children are read: its id, and the columns that its children's records get."""

    id: str
    context: Context


@dataclass(frozen=True, slots=True)
class Listed:
    """What a listing found; ``unlisted`` are the ids of those that could not be asked for their parents, and why."""

    parents: Sequence[Parent]
    unlisted: Mapping[str, Exception] = field(default_factory=dict)

    def of(self, parents: Iterable[Parent]) -> Listed:
        """Return what is made of the listing's parents."""
        return Listed(list(parents), self.unlisted)


@dataclass(slots=True)
class Gathering:
    """Gathers parents from chains of pages, one for all or one for each of their own parents."""

    above: Listed | None = None
    """The parents' own parents, if they have some."""
    found: dict[str, Parent] = field(default_factory=dict)
    unlisted: dict[str, Exception] = field(default_factory=dict)
    misses: Misses = field(default_factory=Misses)
    complete: int = 0
    """Chains that were read to their end."""

    def documents(self, first: Link, source: Reads, above: str | None) -> Iterator[Document]:
        """Yield the documents of a chain; ``above`` is the id whose chain it is, None if it is nobody's.

        An id that is gone, as its first page says, has none; one that fails is noted, and the others have their turn.

        Raises:
            KlaviyoError: The chain cannot be read, and is nobody's, or too many in a row cannot.
        """
        link: Link | None = first
        while link is not None:
            try:
                document, following = link.read(source)
            except KlaviyoError as error:
                if above is None:
                    raise
                if link is first and isinstance(error, NotFoundError | MalformedIdError):
                    break
                if not self.misses.passes_over(error):
                    raise
                self.unlisted[above] = error
                return
            self.misses.hit()
            yield document
            link = following
        self.complete += 1

    def add(self, identifier: str, context: Context) -> None:
        """Note a parent, once."""
        self.found.setdefault(identifier, Parent(identifier, context))

    def listed(self) -> Listed:
        """Return what was found.

        Raises:
            KlaviyoError: Every chain failed.
        """
        if self.unlisted and not self.complete:
            raise next(iter(self.unlisted.values()))
        inherited = self.above.unlisted if self.above else {}
        return Listed(list(self.found.values()), {**inherited, **self.unlisted})
