"""Read many segments at once and hand their pages over in order.

A stream is an ordered list of segments: one chain of pages, the windows of a time range, the parents of a fan-out.
Reading a segment once costs one request and gives at most one page, and the segments that take its place. So a
chain is a segment that leaves the next link behind, a window leaves what did not fit, and a list of parents
leaves one segment a parent.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tap_klaviyo.records.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tap_klaviyo.pagination.budget import Budget

logger = logging.getLogger(__name__)

_WAKE_SECONDS = 0.5  # the main thread looks at the stop flag this often while it waits


class Step(NamedTuple):
    """What one reading of a segment gave: a page or none, and the segments that take the segment's place."""

    page: Page | None
    rest: Sequence[Segment] = ()


class Segment(ABC):
    """A part of a stream that one worker reads with one request."""

    waits: bool = False
    """Whether it is read only once all before it has been: it catches what moved there meanwhile."""
    is_resumed: bool = False
    """Whether an earlier run read its beginning, and all before it."""

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

    A worker takes the leftmost free segment when the ``budget``, which other readers share, has room for its page.
    The failure of a segment is raised when its turn comes to be consumed: what lies before it is not lost.
    Where the system starts fewer threads, these read; where it starts none, whoever consumes the pages does.

    Only those wake who have something to do: to wake two dozen threads for each page costs more than a small page.
    Whoever waits for the head is woken when it has been read. One worker is woken when there may be something to
    take, and wakes the next one if it leaves something.
    """

    def __init__(self, segments: Iterable[Segment], *, workers: int, budget: Budget) -> None:
        self._head = _linked(segments)
        self._workers = workers
        self._lock = threading.RLock()
        self._head_read = threading.Condition(self._lock)
        self._to_take = threading.Condition(self._lock)
        self._account = budget.account(self._wake)
        self._started = False
        self._threads = 0

    def start(self, name: str = "reader") -> None:
        """Start to read in the background; more calls change nothing."""
        if self._started:
            return
        self._started = True
        for number in range(self._workers):
            # Daemon threads: a SIGTERM must not wait for requests in flight.
            thread = threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # a limit of the user or of the container
                logger.info("the system starts no more threads: %d of %d read %s", number, self._workers, name)
                return
            self._threads += 1

    def come_first(self) -> None:
        """Say that the pages of this reader are written next: it has more room than those in the background."""
        self._account.come_first()

    def ready(self, seconds: float) -> bool:
        """Wait, at most so long, until the first page, a failure or the end is there; tell whether it is."""
        self._read_here()
        with self._lock:
            return self._head_read.wait_for(lambda: self._head is None or self._head.is_read, seconds)

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages; an empty one now and then while none is ready, so that the caller can look around.

        Raises:
            BaseException: What the reading of a segment raised, in its place.
        """
        self.come_first()
        self.start()
        while True:
            self._read_here()
            with self._lock:
                head = self._head
                if head is None:
                    return
                if head.failure is not None:
                    self._end()
                    raise head.failure
                page = head.page
                if page is not None:
                    # An idle worker still holds the place that it read last: cut off, it holds nothing more.
                    self._head, head.following, head.page = head.following, None, None
                    if self._head is None:
                        self._end()
                    elif self._head.segment is not None:
                        self._to_take.notify()  # the head may be taken where nothing else may
                else:
                    self._head_read.wait(_WAKE_SECONDS)
                    is_read = head.page is not None
            if page is not None:
                yield page
                self._account.written(page.size)
            elif not is_read:
                yield Page.EMPTY

    def close(self) -> None:
        """Stop the workers after the requests at hand; what waits is dropped."""
        with self._lock:
            self._end()
        self._account.close()

    def _end(self) -> None:
        self._head = None
        self._head_read.notify_all()
        self._to_take.notify_all()

    def _wake(self) -> None:
        with self._lock:
            self._to_take.notify()

    def _read_here(self) -> None:
        """Read what comes next in this thread, if there is no other and it has not been read."""
        if not self._started or self._threads:
            return
        with self._lock:
            taken = None if self._head is None or self._head.is_read else self._take_now()
        if taken is not None:
            self._read(*taken)

    def _work(self) -> None:
        while (taken := self._take()) is not None:
            self._read(*taken)

    def _read(self, node: _Node, segment: Segment, set_aside: int) -> None:
        try:
            step = segment.read()
        except BaseException as failure:  # noqa: BLE001 - it is raised again in the consumer's thread
            self._account.came(set_aside, 0)
            with self._lock:
                node.failure = failure
                self._tell(node)
        else:
            page = step.page or Page.EMPTY
            self._account.came(set_aside, page.size)
            with self._lock:
                node.following = _linked(step.rest, node.following)
                node.page = page
                self._tell(node)  # what has come to be free, this worker takes

    def _tell(self, node: _Node) -> None:
        if node is self._head:
            self._head_read.notify_all()

    def _take(self) -> tuple[_Node, Segment, int] | None:
        """Return a place, what to read for it, and the bytes that are set aside for its page; None at the end."""
        with self._lock:
            while self._head is not None:
                taken = self._take_now()
                if taken is not None:
                    if self._leftmost_free(taken[0]) is not None:
                        self._to_take.notify()
                    return taken
                self._to_take.wait()
        return None

    def _take_now(self) -> tuple[_Node, Segment, int] | None:
        node = self._leftmost_free(self._head)
        if node is None or node.segment is None:
            return None
        set_aside = self._account.ask(next_to_write=node is self._head)
        if set_aside is None:
            return None
        segment, left_over = node.segment.take()
        node.segment = None
        if left_over is not None:
            node.following = _Node(segment=left_over, following=node.following)
        return node, segment, set_aside

    def _leftmost_free(self, node: _Node | None) -> _Node | None:
        while node is not None and (node.segment is None or (node.segment.waits and node is not self._head)):
            if node.failure is not None:
                return None  # nothing to the right of it will ever be consumed
            node = node.following
        return node


def _linked(segments: Iterable[Segment], following: _Node | None = None) -> _Node | None:
    head = following
    for segment in reversed(list(segments)):
        head = _Node(segment=segment, following=head)
    return head
