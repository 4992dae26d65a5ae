"""The sync of a stream before its turn comes: made once, when it is first needed, and anew if the clock was wrong."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.pagination.reader import OrderedReader
    from tap_klaviyo.sync.stream_sync import StreamSync

_GLANCE_SECONDS = 0.5  # the main thread looks at the stop flag this often while it waits


class Beginning:
    """One sync of a stream, and its reader.

    Args:
        stream: The stream's name.
        make: Works out what is read, and the reader of it.
    """

    def __init__(self, stream: str, make: Callable[[], tuple[StreamSync, OrderedReader]]) -> None:
        self._stream = stream
        self._make = make
        self._made: tuple[StreamSync, OrderedReader] | None = None

    def begin(self) -> tuple[StreamSync, OrderedReader]:
        """Return the sync and its reader."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def start(self) -> None:
        """Begin to read in the background."""
        _, reader = self.begin()
        reader.start(self._stream)

    def begin_by_klaviyo_s_clock(self) -> tuple[StreamSync, OrderedReader]:
        """Return the sync and its reader, made anew if the first response shows that the host's clock is wrong."""
        sync, reader = self.begin()
        session = sync.session
        reader.come_first()
        self.start()
        while not reader.ready(_GLANCE_SECONDS) and not session.stopping.is_set():
            pass
        if sync.range.from_the_future and not session.sources.http.knows_server_time:
            # By a host's clock that is behind there may be nothing to ask for, and so no response that says so.
            with contextlib.suppress(KlaviyoError):
                session.account.id()
        session.clock.settle(session.sources.http)
        if sync.began == session.clock.began:
            return sync, reader
        self.close()
        self._made = None
        # Parents that are new since the first attempt listed them lie before what the bookmark may reach now.
        session.parent_ids.forget()
        return self.begin()

    def close(self) -> None:
        """End what reads, if anything does."""
        if self._made is not None:
            self._made[1].close()
