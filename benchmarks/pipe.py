"""Runs `tap | target`, and says which of the two the other waited for."""

from __future__ import annotations

import array
import fcntl
import os
import re
import subprocess
import tempfile
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import user_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

_GLANCE = 0.02
_FULL = 32 * 1024  # half of what Linux lets a pipe hold: a tap that is not held back fills up the rest at once
_MOST = 0.5
_LAST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class Piped:
    """One run: seconds on the clock, those of the processor on either side, and the target's peak memory in MB."""

    seconds: float
    tap: float
    target: float
    held: float
    """The share of the time in which the tap waited for the target to read, or had ended."""
    peak: float

    @property
    def bottleneck(self) -> str:
        """Who would have to be faster for the pipeline to be."""
        if self.held < _MOST:
            return "tap"
        return "target" if self.target >= _MOST * self.seconds else "behind the target"


class Process:
    """One side of the pipe: what it used is known once it has ended."""

    def __init__(self, command: Sequence[str], *, stdin: int, stdout: int) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        self._process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=self._errors, env=user_environment()
        )
        self.cpu = self.peak = 0.0
        self.words = ""
        self.ended = False

    @property
    def failed(self) -> bool:
        """Whether it ended with another exit code than 0."""
        return bool(self._process.returncode)

    def look(self) -> None:
        """See how large it is, and whether it has ended."""
        if self.ended:
            return
        # Of its own, since `ru_maxrss` inherits the launcher's.
        resident = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self._process.pid}/status").read_text())
        self.peak = int(resident[1]) / 1024 if resident else self.peak
        ended, status, used = os.wait4(self._process.pid, os.WNOHANG)
        if ended:
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu = used.ru_utime + used.ru_stime
            with self._errors:
                self._errors.seek(0)
                self.words = self._errors.read().decode()[-_LAST_WORDS:]
            self.ended = True


class Failed(Exception):  # noqa: N818 - said of the target
    """A target that ended with an error; the message is its last words."""


def unread(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    found = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, found)
    return found[0]


def is_full(pipe: int) -> bool:
    """Return whether who writes to a pipe has to wait."""
    return unread(pipe) > _FULL


def piped(tap: Sequence[str], target: Sequence[str]) -> Piped:
    """Join two commands by a pipe and wait for their end."""
    glances = held = 0
    reading, writing = os.pipe()
    begun = time.perf_counter()
    source = Process(tap, stdin=subprocess.DEVNULL, stdout=writing)
    sink = Process(target, stdin=reading, stdout=subprocess.DEVNULL)
    os.close(writing)
    while not sink.ended:
        time.sleep(_GLANCE)
        glances += 1
        held += source.ended or is_full(reading)
        source.look()
        sink.look()
    seconds = time.perf_counter() - begun
    os.close(reading)  # else a tap whose target is gone would wait for ever
    while not source.ended:
        time.sleep(_GLANCE)
        source.look()
    if sink.failed:
        raise Failed(sink.words)
    if source.failed:
        raise SystemExit(source.words)
    return Piped(seconds, source.cpu, sink.cpu, held / glances, sink.peak)
