"""The wish that a sync ends: a signal expresses it, or a target that is gone.

Signals are heard from the start, before anything is imported that takes time: this module imports nothing of the rest.
"""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# A wait looks at the flag this often: long enough to cost nothing, short enough that nobody notices.
_SLICE_SECONDS = 0.1
_SIGNALLED = 128  # and the signal's number: what a shell says of a process that a signal ended
_HANG_UP = "SIGHUP"  # Windows has none
HEARD = {int(getattr(signal, name)): name for name in ("SIGINT", "SIGTERM", _HANG_UP) if hasattr(signal, name)}


class Stopping(threading.Event):
    """An event that a signal handler may set at any moment: it takes no lock, which the main thread might hold.

    Waiting for it therefore polls a flag, which is what setting it changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told = False
        self.signal = int(signal.SIGTERM)
        self.target_gone = False

    def listen(self) -> None:
        """Take the signals that end a process; only the main thread may."""
        for number, name in HEARD.items():
            # `nohup` ignores a hang-up on behalf of what it starts.
            if name != _HANG_UP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)

    def _heard(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002 - how handlers are called
        if not self._told:
            self.by(signum)

    def by(self, signum: int) -> None:
        """Note the signal that asks for the end, and ask for it."""
        self.signal = signum
        self._told = True

    def by_target(self) -> None:
        """Ask for the end since nobody reads what is written."""
        self.target_gone = True
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
        return 1 if self.target_gone else _SIGNALLED + self.signal

    @property
    def cause(self) -> str:
        """The signal's name."""
        return HEARD.get(self.signal, f"signal {self.signal}")
