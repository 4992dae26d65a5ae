"""What went wrong in a sync, each in one line that a person can act on."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from singer_sdk.exceptions import SingerSDKError

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http.errors import KlaviyoError, UnauthorizedError, UnreachableError
from tap_klaviyo.http.redact import brief
from tap_klaviyo.sync.outcome import Ending, Status
from tap_klaviyo.sync.saved import BrokenStateError

if TYPE_CHECKING:
    from tap_klaviyo.sync.board import Board
    from tap_klaviyo.sync.sources import Sources

# These say what a person can do, in one line.
_FOR_PEOPLE = (SettingsError, BrokenStateError, KlaviyoError, SingerSDKError, OSError)

logger = logging.getLogger("tap-klaviyo")


class Failures:
    """The streams of a sync that failed.

    Args:
        sources: Whether anything was ever received.
        board: What the streams have come to.
        skips_denied: Whether a stream that the key has no scope for is skipped and not a failure.
    """

    def __init__(self, sources: Sources, board: Board, *, skips_denied: bool) -> None:
        self._sources = sources
        self._board = board
        self._skips_denied = skips_denied
        self.streams: list[str] = []

    def note(self, stream: str, error: Exception, *, testing: bool = False) -> None:
        """Log a stream's failure in one line, so that the others go on.

        Raises:
            SystemExit: No stream can be read, or the first failure ends the run: the SDK's `--test` would exit with 0.
        """
        line = in_one_line(error)
        ending = Ending.of(error, line, skips_denied=self._skips_denied)
        self._board.end_badly(stream, ending)
        if ending.status is Status.SKIPPED:
            logger.warning("%s: skipped: %s", stream, error)
            return
        self.streams.append(stream)
        logger.error("%s: %s", stream, line)
        logger.debug("Traceback", exc_info=error)
        if testing or self._stops_all(error):
            if not self._board.records:
                self._board.clear()  # no table of zeros: `meltano config test` shows the last line
            raise SystemExit(1)

    def _stops_all(self, error: Exception) -> bool:
        unreachable = isinstance(error, UnreachableError) and error.status is None and not self._sources.answered
        return unreachable or isinstance(error, UnauthorizedError)


def in_one_line(error: Exception) -> str:
    """Say what went wrong; a bug is named by its place, since its own words may hold what Klaviyo sent."""
    if isinstance(error, _FOR_PEOPLE):
        return brief(str(error), 1000)
    if isinstance(error, MemoryError):
        return "not enough memory; lower max_workers, or give the process more (ulimit -v, the container's limit)"
    place, traceback = "", error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f" in {Path(code.co_filename).name}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"unexpected {type(error).__name__}{place}; set TAP_KLAVIYO_LOGLEVEL=DEBUG for the traceback and report it"
