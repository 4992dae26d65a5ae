"""Read many segments at once and hand their pages over in order.

A stream is an ordered list of segments: one chain of pages, the windows of a time range, the parents of a fan-out.
Reading a segment once costs one request and gives at most one page, and the segments that take its place. So a
chain is a segment that leaves the next link behind, a window leaves what did not fit, and a list of parents
leaves one segment a parent.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tap_klaviyo.records.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_WAKE_SECONDS = 0.5  # the main thread looks at the stop flag this often while it waits


class Step(NamedTuple):
    """What one reading of a segment gave: a page or none, and the segments that take the segment's place."""

    page: Page | None
    rest: Sequence[Segment] = ()


class Segment(ABC):
    """A part of a stream that one worker reads with one request."""

    waits: bool = False
    """Whether it is read only once all before it has been: it catches what moved there meanwhile."""

    @abstractmethod
    def read(self) -> Step:
        """Make one request."""

    def take(self) -> tuple[Segment, Segment | None]:
        """Return the part that a worker should read now, and what is left for the others."""
        return self, None


@dataclass(eq=False, slots=True)
class _Node:
    """A place in the order: a free segment, one that is being read (none of the three), a page, or a failure."""

    segment: Segment | None = None
    page: Page | None = None
    failure: BaseException | None = None
    following: _Node | None = None

    @property
    def is_read(self) -> bool:
        """Whether there is something to hand over, or a failure to raise."""
        return self.page is not None or self.failure is not None


class OrderedReader:
    """An iterator over pages, in the order of the segments, read by ``workers`` threads.

    A worker takes the leftmost free segment while fewer than ``byte_limit`` bytes wait to the left of it: so a full
    buffer never stands in the way of what would empty it, and what waits is bounded by about twice that.
    The failure of a segment is raised when its turn comes to be consumed: what lies before it is not lost.
    """

    def __init__(self, segments: Iterable[Segment], *, workers: int, byte_limit: int) -> None:
        self._head = _linked(segments)
        self._workers = workers
        self._byte_limit = byte_limit
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def start(self, name: str = "reader") -> None:
        """Start to read in the background; more calls change nothing."""
        if self._threads:
            return
        # Daemon threads: a SIGTERM must not wait for requests in flight.
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(self._workers)
        ]
        for thread in self._threads:
            thread.start()

    def ready(self, seconds: float) -> bool:
        """Wait, at most so long, until the first page, a failure or the end is there; tell whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._head is None or self._head.is_read, seconds)

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages; an empty one now and then while none is ready, so that the caller can look around.

        Raises:
            BaseException: What the reading of a segment raised, in its place.
        """
        self.start()
        while True:
            with self._changed:
                head = self._head
                if head is None:
                    return
                if head.failure is not None:
                    self._head = None
                    self._changed.notify_all()
                    raise head.failure
                page = head.page
                if page is None:
                    self._changed.wait(_WAKE_SECONDS)
                    page = Page.EMPTY if head.page is None else None
                else:
                    # An idle worker still holds the place that it read last: cut off, it holds nothing more.
                    self._head, head.following, head.page = head.following, None, None
                    self._changed.notify_all()
            if page is not None:
                yield page

    def close(self) -> None:
        """Stop the workers after the requests at hand; what waits is dropped."""
        with self._changed:
            self._head = None
            self._changed.notify_all()

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            self._read(*taken)

    def _read(self, node: _Node, segment: Segment) -> None:
        try:
            step = segment.read()
        except BaseException as failure:  # noqa: BLE001 - it is raised again in the consumer's thread
            with self._changed:
                node.failure = failure
                self._changed.notify_all()
        else:
            with self._changed:
                node.following = _linked(step.rest, node.following)
                node.page = step.page or Page.EMPTY
                self._changed.notify_all()

    def _take(self) -> tuple[_Node, Segment] | None:
        with self._changed:
            while self._head is not None:
                node = self._leftmost_free()
                if node is not None and node.segment is not None:
                    segment, left_over = node.segment.take()
                    node.segment = None
                    if left_over is not None:
                        node.following = _Node(segment=left_over, following=node.following)
                        self._changed.notify_all()
                    return node, segment
                self._changed.wait()
        return None

    def _leftmost_free(self) -> _Node | None:
        node, waiting = self._head, 0
        # Nothing to the right of a failure will ever be consumed.
        while node is not None and (node.segment is None or (node.segment.waits and node is not self._head)):
            waiting += node.page.size if node.page else 0
            if node.failure is not None or waiting >= self._byte_limit:
                return None
            node = node.following
        return node


def _linked(segments: Iterable[Segment], following: _Node | None = None) -> _Node | None:
    head = following
    for segment in reversed(list(segments)):
        head = _Node(segment=segment, following=head)
    return head
