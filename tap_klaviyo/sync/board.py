"""What all streams of a sync have come to."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.outcome import Ending, Outcome, Status, report
from tap_klaviyo.sync.progress import Progress
from tap_klaviyo.sync.summary import summary, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_klaviyo.http import Tally
    from tap_klaviyo.sync.range import Range

_LOG_WIDTH = 80

logger = logging.getLogger("tap-klaviyo")


class Board:
    """How far each stream of a sync is, and how it ended.

    Args:
        report_file: Where a program finds the end of a run; None if nowhere.
        goes_on: Whether another sync of this process follows, so that nothing exits yet.
    """

    def __init__(self, report_file: str | None = None, *, goes_on: bool = False) -> None:
        self._report_file = report_file
        self._goes_on = goes_on
        self._selected: Sequence[str] = ()
        self._deselected: Sequence[str] = ()
        self._streams: dict[str, Progress] = {}
        self._endings: dict[str, Ending] = {}

    def expect(self, streams: Mapping[str, bool]) -> None:
        """Say which streams there are, in the order of the sync, and whether it reads them."""
        self._selected = [stream for stream, selected in streams.items() if selected]
        self._deselected = [stream for stream, selected in streams.items() if not selected]

    def begin(self, stream: str, reading: Range, tally: Tally) -> Progress:
        """Begin to show how far a stream is."""
        place = f"stream {self._selected.index(stream) + 1} of {len(self._selected)}" if self._selected else ""
        found = self._streams[stream] = Progress(stream, reading, tally, place)
        return found

    def end_badly(self, stream: str, ending: Ending) -> None:
        """Note why a stream was not read, or not whole."""
        self._endings[stream] = ending

    @property
    def records(self) -> int:
        """How many records the sync has written."""
        return sum(found.records for found in self._streams.values())

    def clear(self) -> None:
        """Forget everything, so that there is no table of zeros."""
        self._selected = ()
        self._streams.clear()

    def outcomes(self, state: Mapping[str, Any]) -> list[Outcome]:
        """Return how each selected stream ended; the state holds the new bookmarks."""
        bookmarks = state.get("bookmarks") or {}
        return [self._outcome(stream, bookmarks.get(stream) or {}) for stream in self._selected]

    def _outcome(self, stream: str, bookmark: Mapping[str, Any]) -> Outcome:
        ending, progress = self._endings.get(stream), self._streams.get(stream)
        reason, brief = (ending.line, ending.brief) if ending else (None, "")
        if progress is None:
            return Outcome(
                stream=stream, status=ending.status if ending else Status.NOT_REACHED, reason=reason, brief=brief
            )
        tally = progress.tally
        return Outcome(
            stream=stream,
            status=ending.status if ending else Status.OK if progress.completed else Status.STOPPED,
            records=progress.records,
            bookmark=bookmark.get("replication_key_value"),
            requests=tally.requests,
            received=tally.received,
            retries=tally.retries,
            waited=tally.waited,
            took=progress.seconds,
            reason=reason,
            brief=brief,
        )

    def log_summary(self, state: Mapping[str, Any], exit_code: int) -> None:
        """Say what each stream came to: to a person at a terminal, to a log, and to a program."""
        outcomes = self.outcomes(state)
        if not outcomes:
            return
        ending = "polling goes on" if self._goes_on else f"exit {exit_code}"
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns
            sys.stderr.writelines(f"{line}\n" for line in summary(outcomes, len(self._deselected), width, ending))
        else:
            for line in summary(outcomes, len(self._deselected), _LOG_WIDTH, ending):
                logger.info("%s", line)
        for stream, progress in self._streams.items():
            for column, count in progress.tally.odd.items():
                logger.info("%s: %s values of '%s' did not match its type: null", stream, f"{count:,}", column)
        if self._report_file is not None:
            said = verdict(outcomes, len(self._deselected), ending)
            self._write(report(outcomes, self._deselected, said, exit_code), Path(self._report_file))

    def _write(self, found: Mapping[str, Any], path: Path) -> None:
        half = path.with_name(f".{path.name}.new")
        try:
            half.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
            half.replace(path)  # whoever reads it meanwhile finds a whole one
        except OSError as error:
            logger.warning("the report cannot be written to '%s': %s", path, error.strerror)
