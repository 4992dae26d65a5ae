"""The one owner of stdout: Singer messages, whole lines, in the order in which they were handed over."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message


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
        if binary is None:  # a test that captures text
            sys.stdout.write(lines.decode())
        else:
            binary.write(lines)

    def flush(self) -> None:
        """Hand over to the target what was written."""
        sys.stdout.flush()
