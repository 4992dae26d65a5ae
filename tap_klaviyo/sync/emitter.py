"""Where reading, writing, bookmark and STATE meet.

A STATE says only what has been written before it: pages are written first, then the bookmark follows, then a STATE
may go out. A stream that failed, was skipped or was stopped is never finished: its bookmark stays at what is written.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import KlaviyoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.output import PageWriter
    from tap_klaviyo.sync.stream_sync import StreamSync

logger = logging.getLogger("tap-klaviyo")


@dataclass(frozen=True, slots=True)
class Sink:
    """What the SDK does with records and messages, as far as an emitter needs it.

    ``limit`` is how many records a test run takes.
    """

    pages: PageWriter
    write_record: Callable[[dict[str, Any]], None]
    count: Callable[[int], None]
    complete: Callable[[], None]
    """Called when everything has been read and written."""
    limit: int | None = None


class Emitter:
    """Writes the pages of one sync of a stream and moves its bookmark.

    Args:
        sync: What is read.
        sink: What the SDK does.
    """

    def __init__(self, sync: StreamSync, sink: Sink) -> None:
        self._sync = sync
        self._sink = sink
        self._output: PageWriter = sink.pages
        self._follows = sync.ordered
        self._latest: datetime | None = None
        self._newest: datetime | None = None  # of the parent that is being read
        self._left = sink.limit
        self._missing = sync.session.sources.missing(sync.name)
        self._finished_parents = 0
        self._signed = False

    def emit(self, pages: Iterable[Page]) -> Iterator[dict[str, Any]]:
        """Write every page; yield the records of pages that hold records and not lines.

        Raises:
            StoppedByUser: The sync was told to end.
            KlaviyoError: The stream cannot be read further.
        """
        sync = self._sync
        if sync.range.from_the_future:
            logger.warning(
                "%s: the bookmark in the state was in the future and was reset to now; to load rows missed before, "
                "run once with start_date and end_date set to that range",
                sync.name,
            )
        progress = sync.session.board.begin(sync.name, sync.range, sync.tally)
        sync.bookmark.begin()
        try:
            with closing(progress):
                for page in pages:
                    if sync.session.stopping.is_set():
                        self._output.end_stopped()
                    yield from self._write(page)
                    self._sink.count(page.count)
                    self._after(page)
                    progress.after(page)
                    if self._left is not None and self._left <= 0:
                        return
        except KlaviyoError as error:
            if self._missing.parents and not (self._missing.denied and not self._finished_parents):
                self._note_parents()  # they come last in the next run: others have their turn then
            # What was written since the last STATE need not be read again, whatever stands in the way of the rest.
            self._output.write_state()
            raise self._missing.beside(error) from error.__cause__
        self._note_turn()
        self._finish()
        progress.completed = True

    def _write(self, page: Page) -> Iterator[dict[str, Any]]:
        self._output.write_page(page)
        for record in page.records[: self._left]:
            self._sink.write_record(record)
            yield record
        if self._left is not None:
            self._left -= page.count
        if page.count:
            self._sign()

    def _sign(self) -> None:
        """Note whose rows these are; a stream that fails before it has any leaves the state as it was."""
        if not self._signed and self._sync.resumes:
            self._sync.bookmark.sign(self._sync.session.owner)
            self._signed = True

    def _note_turn(self) -> None:
        self._sign()
        if self._sync.resumes:
            self._sync.bookmark.had_turn(self._sync.began)

    def _after(self, page: Page) -> None:
        bookmark = self._sync.bookmark
        if self._follows and not self._in_order(page):
            # Klaviyo did not keep the order that was asked for: the bookmark waits for the end of the stream.
            self._follows = False
        if self._follows and page.oldest is not None:
            # One page behind: neighbours may be swapped where one page ends and the next begins.
            bookmark.advance()
        bookmark.saw(page.oldest, page.newest)
        if self._follows and page.settled:
            bookmark.advance()
        if page.newest is not None and (self._newest is None or page.newest > self._newest):
            self._newest = page.newest
        self._note_missing(page)
        if page.finished_parent is not None:
            self._finished(page.finished_parent)
            self._newest = None
        if page.note is not None:
            page.note()
        if page.place is not None and self._resumes:
            bookmark.came_to(page.place)
        if page.count or page.finished_parent or page.note:
            self._output.write_state_soon()

    def _note_missing(self, page: Page) -> None:
        missing = self._missing
        missing.unlisted.update(page.unlisted)
        if missing.rows:
            self._sync.bookmark.give_up_full()  # gone on with, it would end with a version without these rows
        if page.failed_parent is not None and page.failure is not None:
            missing.parents[page.failed_parent] = page.failure
            self._newest = None

    def _in_order(self, page: Page) -> bool:
        if page.oldest is None:
            return True
        fits = page.ordered and (self._latest is None or page.oldest >= self._latest)
        self._latest = page.newest
        return fits

    def _finished(self, parent: str) -> None:
        self._finished_parents += 1
        self._note_parents()
        self._sync.failed_parents.finished(parent)
        if self._sync.fan_out and self._resumes and parent not in self._sync.failed_parents.earlier:
            self._sync.bookmark.finished_parent(parent, self._newest)

    @property
    def _resumes(self) -> bool:
        """Whether a later run can go on from a place; one among parents is a place in the list of all of them."""
        return self._sync.resumes and not self._missing.unlisted

    def _note_parents(self) -> None:
        """Note the parents that failed, before the bookmark moves past them."""
        if self._sync.fan_out:
            for parent in self._missing.parents:
                self._sync.failed_parents.failed(parent)

    def _finish(self) -> None:
        missing = self._missing
        if missing.parents and not self._sync.fan_out:
            # The parents' own listing brings them again, if the next run asks for what this one did.
            self._output.write_state()
            raise missing.error()
        if missing.parents and not self._finished_parents:
            raise next(iter(missing.parents.values()))  # all of them failed, and nothing was read
        self._note_parents()
        if not missing.unlisted:
            self._sync.failed_parents.complete(set(missing.parents))
        if not missing or not (self._sync.range.full or missing.unlisted):
            self._sync.bookmark.finish(everything=self._sync.fan_out)
        if not missing:
            self._sink.complete()
        self._output.write_state()
        if missing:
            raise missing.error()
