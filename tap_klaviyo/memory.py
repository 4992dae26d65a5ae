"""Keeps the process small and quick while many threads read large responses."""

from __future__ import annotations

import contextlib
import ctypes
import gc

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_LARGEST_BLOCK = 32 << 20  # as much as glibc allows


def share_heap() -> None:
    """Let all threads use again what one of them freed; to be called before there is a second thread.

    By default glibc gives each of two dozen threads a heap of its own, which keeps what it freed; and what it
    maps anew for each response of 1.4 MB costs a thousand page faults, a fifth of the processor's time. Other C
    libraries have no such call. A heap that a second thread has by then stays: 25 MB more at the peak.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
        # What a page leaves free at the end of the heap would be given back, and faulted in again for the next one.
        mallopt(_M_TRIM_THRESHOLD, _LARGEST_BLOCK)


def freeze_imports() -> None:
    """Let the collector leave alone what was imported: to look through it took a tenth of the processor's time."""
    gc.freeze()
