"""What a reader hands over: records that are ready to be written, and what the bookmark needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Part:
    """Encoded records of a page that leave in one stream; a line each, as RECORD messages or bare for a file."""

    stream: str
    count: int
    lines: bytes


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """How far a chain of pages was read: which one it is, and what leads to the last page that was written."""

    chain: str
    link: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one stream, in order.

    ``parts`` holds them encoded, by the stream that they leave in; if the SDK writes the messages itself, in a test
    run, ``records`` holds the flat records instead.
    """

    count: int = 0
    parts: Sequence[Part] = ()
    records: list[dict[str, Any]] = field(default_factory=list)
    newest: datetime | None = None
    """The latest replication value of the page."""
    oldest: datetime | None = None
    ordered: bool = True
    """False where the rows of the page are not in ascending order of the replication key."""
    settled: bool = False
    """Whether no later page can hold an earlier row, whatever order Klaviyo keeps: a filter divides them."""
    finished_parent: str | None = None
    """In a fan-out: the parent that is complete with this page."""
    failed_parent: str | None = None
    """In a fan-out: a parent that could not be read, because of ``failure``."""
    failure: Exception | None = None
    parents: int = 0
    """In a fan-out: how many parents this sync asks, on the page that comes before them."""
    note: Callable[[], None] | None = None
    """What is noted in the state once all before it has been written."""
    place: ChainPlace | None = None
    """Where a later run can go on, in a chain whose order says nothing of that."""
    unlisted: Mapping[str, Exception] = field(default_factory=dict)
    """On the page with their number: the ids that could not be asked for the parents under them, and why."""
    size: int = 0
    """Bytes that the page holds while it waits."""

    EMPTY: ClassVar[Page]

    @property
    def lines(self) -> bytes:
        """All that is encoded."""
        return b"".join([part.lines for part in self.parts])

    def settling(self) -> Page:
        """Return the page as one that no earlier row can follow."""
        return replace(self, settled=True)

    def leading_on(self, place: ChainPlace) -> Page:
        """Return the page with the place where a later run can go on."""
        return replace(self, place=place)

    def finishing(self, parent: str) -> Page:
        """Return the page as the last one of a parent."""
        return replace(self, finished_parent=parent)


Page.EMPTY = Page()
