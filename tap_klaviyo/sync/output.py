"""What a sync writes: records, STATE messages, and the last word when it is told to end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from singer_sdk.singerlib import StateMessage

from tap_klaviyo.sync.endings import StoppedByUser, ended_when_told, what_is_left
from tap_klaviyo.sync.writer import nobody_reads, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from singer_sdk.singerlib.encoding.simple import Message

    from tap_klaviyo.records.page import Page
    from tap_klaviyo.sync.stopping import Stopping
    from tap_klaviyo.sync.writer import LineWriter

_STATE_SECONDS = 1.0


class PageWriter(Protocol):
    """Where pages go, and what is promised of them."""

    def write_page(self, page: Page) -> None:
        """Take the encoded records of a page."""

    def write_state_soon(self) -> None:
        """Say what has been written, unless that was said a moment ago."""

    def write_state(self) -> None:
        """Hand everything over to the target, and say so in a STATE."""

    def end_stopped(self) -> NoReturn:
        """Hand everything over, and end the process."""


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

    def write_page(self, page: Page) -> None:
        """Write the messages of a page, or some of them if the sync is to end: a slow target need not take the rest.

        Raises:
            StoppedByUser: It was told to end.
        """
        for part in page.parts:
            for piece in pieces(part.lines):
                self.end_if_told()
                self._writer().write_lines(piece)

    def write_message(self, message: Message) -> None:
        """Write one message."""
        self._writer().write_message(message)

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

    def end_if_told(self) -> None:
        """Write the state and end the process, if it was told to end.

        Raises:
            StoppedByUser: It was.
        """
        if self._stopping.is_set():
            self.end_stopped()

    def ended_when_told(self) -> AbstractContextManager[None]:
        """Write the state and end the process, if it is told to end meanwhile."""
        return ended_when_told(self._stopping, self.end_stopped)

    def end_stopped(self) -> NoReturn:
        """Write the state and end the process.

        Raises:
            StoppedByUser: The state is out.
            OutputEnded: Nobody takes it.
        """
        if self._stopping.target_gone:
            nobody_reads()
        self.write_state()
        raise StoppedByUser(self._stopping, what_is_left(self._state()))
