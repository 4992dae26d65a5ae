"""The one owner of stdout: Singer messages, whole lines, in the order in which they were handed over."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn, TypeGuard

from singer_sdk.contrib.msgspec import MsgSpecWriter

from tap_klaviyo.sync.endings import OutputEnded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.singerlib.encoding.simple import Message

# As much as a pipe holds, so that nothing that is told between two pieces waits for more than that.
_PIECE = 1 << 16

_FAILED = {errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG, errno.EBADF}

logger = logging.getLogger(__name__)


class LineWriter(MsgSpecWriter):
    """Writes messages, and pages of messages that are encoded already.

    Lines wait in the stream's own buffer until `flush`, since a flush a record costs more than the record.
    """

    def write_message(self, message: Message) -> None:
        """Write one message."""
        self.write_lines(bytes(self.format_message(message)))

    def write_lines(self, lines: bytes | memoryview) -> None:
        """Write whole lines, each ended by a line break."""
        binary = getattr(sys.stdout, "buffer", None)
        with _open_pipe():
            if binary is None:  # a test that captures text
                sys.stdout.write(str(lines, "utf-8"))
            else:
                # Unbuffered (PYTHONUNBUFFERED), one write may end early where a signal comes in between.
                left = memoryview(lines)
                while left:
                    left = left[binary.write(left) :]

    def flush(self) -> None:
        """Hand over to the target what was written."""
        with _open_pipe():
            sys.stdout.flush()


def line_writer(writer: object) -> LineWriter:
    """Return a writer as what it has to be."""
    if not isinstance(writer, LineWriter):
        msg = "another message writer was put in place"
        raise TypeError(msg)
    return writer


def pieces(lines: bytes, least: int = _PIECE) -> Iterator[memoryview]:
    """Cut whole lines after the first line break behind each so many bytes."""
    whole, begin = memoryview(lines), 0
    while begin < len(lines):
        end = lines.find(b"\n", begin + least) + 1 or len(lines)
        yield whole[begin:end]
        begin = end


@contextlib.contextmanager
def _open_pipe() -> Iterator[None]:
    """End the process, with one line, where what it writes is lost."""
    try:
        yield
    except OSError as error:
        leave_pipe(error)
        raise OutputEnded from None


def check_output() -> None:
    """Refuse to begin without any output.

    Raises:
        OSError: There is none, as after `>&-` in a shell.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, "stdout is closed")


def output_failed(error: Exception) -> TypeGuard[OSError]:
    """Tell whether it is the output that an error is about: a file that cannot be read or written is named by it."""
    return isinstance(error, OSError) and error.errno in _FAILED and error.filename is None


def nobody_reads() -> NoReturn:
    """End the process, with one line, before anything is written in vain.

    Raises:
        OutputEnded: Always.
    """
    leave_pipe(BrokenPipeError())
    raise OutputEnded


def leave_pipe(error: OSError) -> None:
    """Say why nothing can be written, and see to it that nothing follows what was."""
    if isinstance(error, BrokenPipeError):
        logger.error("the target exited and closed the pipe; see the target's log")
    else:
        logger.error(
            "cannot write the output: %s; free some space or choose another place, then run again",
            error.strerror or type(error).__name__,
        )
    # What is left in the buffer would come after half a line, or raise again when the interpreter ends.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
