"""What a reader hands over: records that are ready to be written, and what the bookmark needs to know of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one stream, in order.

    ``lines`` holds RECORD messages as bytes, one a line; where the SDK writes the messages itself (stream maps,
    flattening, batch), ``records`` holds the flat records instead.
    """

    count: int = 0
    lines: bytes = b""
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
    size: int = 0
    """Bytes that the page holds while it waits."""

    EMPTY: ClassVar[Page]

    def settling(self) -> Page:
        """Return the page as one that no earlier row can follow."""
        return replace(self, settled=True)

    def finishing(self, parent: str) -> Page:
        """Return the page as the last one of a parent."""
        return replace(self, finished_parent=parent)


Page.EMPTY = Page()
