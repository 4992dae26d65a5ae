"""The wish that a sync ends, as a signal expresses it."""

from __future__ import annotations

import signal
import threading
import time

# A wait looks at the flag this often: long enough to cost nothing, short enough that nobody notices.
_SLICE_SECONDS = 0.1
_SIGNALLED = 128  # and the signal's number: what a shell says of a process that a signal ended


class Stopping(threading.Event):
    """An event that a signal handler may set at any moment: it takes no lock, which the main thread might hold.

    Waiting for it therefore polls a flag, which is what setting it changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        self.signal = int(signal.SIGTERM)

    def by(self, signum: int) -> None:
        """Note the signal that asks for the end, and ask for it."""
        self.signal = signum
        self._told = True

    def set(self) -> None:
        """Ask for the end."""
        self._told = True

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._told

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the end is asked for, at most so many seconds; return whether it was."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._told:
            left = _SLICE_SECONDS if end is None else end - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, _SLICE_SECONDS))
        return self._told

    @property
    def exit_code(self) -> int:
        """What the process ends with."""
        return _SIGNALLED + self.signal
