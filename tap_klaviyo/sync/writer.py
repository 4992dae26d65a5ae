"""The one owner of stdout: Singer messages, whole lines, in the order in which they were handed over."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.singerlib.encoding.simple import Message

logger = logging.getLogger(__name__)


class LineWriter(MsgSpecWriter):
    """Writes messages, and pages of messages that are encoded already.

    Lines wait in the stream's own buffer until `flush`, since a flush a record costs more than the record.
    """

    def write_message(self, message: Message) -> None:
        """Write one message."""
        self.write_lines(bytes(self.format_message(message)))

    def write_lines(self, lines: bytes) -> None:
        """Write whole lines, each ended by a line break."""
        binary = getattr(sys.stdout, "buffer", None)
        with _open_pipe():
            if binary is None:  # a test that captures text
                sys.stdout.write(lines.decode())
            else:
                # Unbuffered (PYTHONUNBUFFERED), one write may end early where a signal comes in between.
                left = memoryview(lines)
                while left:
                    left = left[binary.write(left) :]

    def flush(self) -> None:
        """Hand over to the target what was written."""
        with _open_pipe():
            sys.stdout.flush()


@contextlib.contextmanager
def _open_pipe() -> Iterator[None]:
    """End the process, with one line, where nobody reads what it writes."""
    try:
        yield
    except BrokenPipeError:
        leave_pipe()
        raise SystemExit(1) from None


def leave_pipe() -> None:
    """Say that nobody reads what is written, and let the interpreter end without saying so again."""
    logger.error("the target exited and closed the pipe; see the target's log")
    # What is left in the buffer would raise again when the interpreter ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
