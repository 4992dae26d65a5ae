"""What a sync writes: records, STATE messages, and the last word when it is told to end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib import StateMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.sync.stopping import Stopping
    from tap_klaviyo.sync.writer import LineWriter

_STATE_SECONDS = 1.0


class StoppedByUser(SystemExit):
    """The sync was told to end; what was complete has been written."""


class Output:
    """The target's end of the pipe: one writer, and the state that its STATE messages carry.

    Args:
        writer: The owner of stdout.
        state: Returns the state as it is now.
        stopping: The wish that the sync ends.
    """

    def __init__(
        self, writer: Callable[[], LineWriter], state: Callable[[], Mapping[str, Any]], stopping: Stopping
    ) -> None:
        self._writer = writer
        self._state = state
        self._stopping = stopping
        self._state_at = 0.0

    def write_lines(self, lines: bytes) -> None:
        """Write encoded messages, each ended by a line break."""
        self._writer().write_lines(lines)

    def write_state_soon(self) -> None:
        """Write a STATE, unless the last one is less than a second old."""
        if time.monotonic() - self._state_at >= _STATE_SECONDS:
            self.write_state()

    def write_state(self) -> None:
        """Write a STATE and hand everything over to the target."""
        # Not the SDK's writer, which keeps an unchanged state back: a target may forget one that records follow.
        writer = self._writer()
        writer.write_message(StateMessage(value=dict(self._state())))
        writer.flush()
        self._state_at = time.monotonic()

    def end_stopped(self) -> None:
        """Write the state and end the process.

        Raises:
            StoppedByUser: Always.
        """
        self.write_state()
        raise StoppedByUser(self._stopping.exit_code)
