"""Keeps the process small while many threads read large answers."""

from __future__ import annotations

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3
_LARGE = 128 << 10


def give_back_large_blocks() -> None:
    """Let glibc return the memory of each large block to the system when it is freed.

    By default it raises that threshold to the size of the answers, and each of two dozen threads keeps its own heap
    of freed ones: 236 MB against 166 MB with 24 workers and pages of 1.4 MB. Other C libraries have no such call.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
