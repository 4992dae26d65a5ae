"""Looks after the process where its main thread cannot: blocked in a write, in a library, or behind a lock."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from tap_klaviyo.sync.stopping import HEARD, Stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Supervisors send SIGKILL after 10 seconds; an orderly end takes one or two, and a slow target has the rest.
_GRACE_SECONDS = 8.0
# Who sends a second signal has waited. Some send two at once, as a terminal and the program in it do.
_SECOND_GRACE_SECONDS = 2.0
_LAST_WORD_SECONDS = 0.5

logger = logging.getLogger("tap-klaviyo")


class Watchdog:
    """A thread that sees signals and the end of the target at once, and bounds what time the end may take.

    Args:
        stopping: What is told of the target's end.
        stdout: The descriptor of the pipe to the target; None if there is none.
        grace: Seconds from the first signal, and from the second.
        end: Ends the process with an exit code, whatever holds it up.
    """

    def __init__(
        self,
        stopping: Stopping,
        stdout: int | None,
        grace: tuple[float, float],
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._stopping = stopping
        self._stdout = stdout
        self._end = end
        self._grace = grace
        self._deadline: float | None = None
        self._signals = 0
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch; only the main thread may.

        Raises:
            RuntimeError: No more threads can be started.
        """
        self._thread.start()
        # The interpreter writes a byte the moment that a signal comes, wherever the main thread is.
        self._earlier = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def close(self) -> None:
        """Stop watching."""
        signal.set_wakeup_fd(self._earlier)
        os.close(self._writing)
        self._thread.join(_LAST_WORD_SECONDS)
        os.close(self._reading)

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        if self._stdout is not None:
            poll.register(self._stdout, 0)  # asked for or not, errors and hang-ups are told
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            if left == 0:
                self._end_now()
                return
            for descriptor, _ in poll.poll(None if left is None else left * 1000 + 1):
                if descriptor != self._reading:
                    poll.unregister(descriptor)
                    self._stopping.by_target()
                    self._end_within(self._grace[0])
                elif numbers := os.read(self._reading, 64):
                    self._heard(numbers)
                else:
                    return

    def _heard(self, numbers: bytes) -> None:
        for number in numbers:
            if number not in HEARD:
                continue
            if not self._stopping.is_set():
                self._stopping.by(number)  # the handler says the same, once the main thread comes to it
            self._end_within(self._grace[min(self._signals, 1)])
            self._signals += 1

    def _end_within(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)

    def _end_now(self) -> None:
        # Whoever holds the lock of a log handler may be what holds up the process.
        last_word = threading.Thread(target=self._say, daemon=True)
        with contextlib.suppress(RuntimeError):
            last_word.start()
            last_word.join(_LAST_WORD_SECONDS)
        self._end(self._stopping.exit_code)

    def _say(self) -> None:
        if self._stopping.target_gone:
            logger.error("the target exited and closed the pipe; see the target's log")
            return
        logger.error(
            "stopped by %s in the middle of what could not be ended in time; the next run goes on from the last state "
            "that the target has taken",
            self._stopping.cause,
        )


@contextlib.contextmanager
def hearing() -> Iterator[Stopping]:
    """Hear the signals of this process, and have a watchdog where there is a thread for it and the system can tell."""
    stopping = Stopping()
    stopping.listen()
    with contextlib.ExitStack() as stack:
        if hasattr(select, "poll"):
            watchdog = Watchdog(stopping, _descriptor(), (_GRACE_SECONDS, _SECOND_GRACE_SECONDS))
            with contextlib.suppress(RuntimeError):
                watchdog.start()
                stack.callback(watchdog.close)
        yield stopping


def _descriptor() -> int | None:
    with contextlib.suppress(OSError, AttributeError, ValueError):  # none, closed, or kept in memory
        return sys.stdout.fileno()
    return None
