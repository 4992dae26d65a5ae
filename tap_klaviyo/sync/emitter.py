"""Where reading, writing, bookmark and STATE meet.

A STATE says only what has been written before it: pages are written first, then the bookmark follows, then a STATE
may go out. A stream that failed, was skipped or was stopped is never finished: its bookmark stays at what is written.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.sync.range import FAN_OUT, Bookmark

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_klaviyo.records.page import Page
    from tap_klaviyo.streams.base import KlaviyoStream
    from tap_klaviyo.tap import TapKlaviyo


class StoppedByUser(SystemExit):
    """The sync was told to end; what was complete has been written."""


class Emitter:
    """Writes the pages of one stream and moves its bookmark."""

    def __init__(self, stream: KlaviyoStream, tap: TapKlaviyo, *, write_messages: bool) -> None:
        self._stream = stream
        self._tap = tap
        self._write_messages = write_messages
        self._bookmark = Bookmark(stream.stream_state, stream.bookmark_key, stream.reading, stream.name)
        self._follows = stream.is_sorted
        self._latest: datetime | None = None
        self._left = stream.ABORT_AT_RECORD_COUNT

    def emit(self) -> Iterator[dict[str, Any]]:
        """Write every page; yield the records where pages hold records and not lines.

        Raises:
            StoppedByUser: The sync was told to end.
            KlaviyoError: The stream cannot be read further.
        """
        stream = self._stream
        if stream.reading.from_the_future:
            self._tap.logger.warning(
                "%s: the bookmark in the state lay in the future and is brought back to now; rows that were missed "
                "meanwhile come with a run of their own over their range, with start_date and end_date.",
                stream.name,
            )
        progress = self._tap.progress(stream)
        try:
            with stream.get_record_counter() as counter, stream.get_sync_timer(), closing(progress):
                for page in stream.reader:
                    if self._tap.stopping.is_set():
                        if self._write_messages:
                            self._tap.end_stopped()
                        return  # what was yielded has to stand in a file first
                    yield from self._write(page)
                    counter.increment(page.count)
                    self._after(page)
                    progress.after(page)
                    if self._left is not None and self._left <= 0:
                        return
        except KlaviyoError:
            # What was written since the last STATE need not be read again, whatever stands in the way of the rest.
            if self._write_messages:
                self._tap.write_state()
            raise
        self._finish()

    def _write(self, page: Page) -> Iterator[dict[str, Any]]:
        if page.lines:
            self._tap.writer.write_lines(page.lines)
        for record in page.records[: self._left]:
            if self._write_messages:
                self._stream.write_record(record)
            yield record
        if self._left is not None:
            self._left -= page.count

    def _after(self, page: Page) -> None:
        self._bookmark.saw(page.oldest, page.newest)
        if self._follows and not self._in_order(page):
            # Klaviyo did not keep the order that was asked for: the bookmark waits for the end of the stream.
            self._follows = False
        if self._follows:
            self._bookmark.advance()
        if page.finished_parent is not None and self._stream.resumes_fan_out:
            under_way = self._stream.stream_state.setdefault(FAN_OUT, {})
            under_way["until"] = self._stream.reading.until.isoformat()
            under_way["after_parent"] = page.finished_parent
        if self._write_messages and (page.count or page.finished_parent):
            self._tap.write_state_soon()

    def _in_order(self, page: Page) -> bool:
        if page.oldest is None:
            return True
        fits = page.ordered and (self._latest is None or page.oldest >= self._latest)
        self._latest = page.newest
        return fits

    def _finish(self) -> None:
        stream = self._stream
        self._bookmark.finish(everything=stream.parent is not None)
        if self._write_messages:
            stream.write_activate_version()
            self._tap.write_state()
