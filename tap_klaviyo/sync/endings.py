"""How a run ends before everything has been read: nothing that a stream or a round catches."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import StoppedError
from tap_klaviyo.sync.saved import PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_klaviyo.sync.stopping import Stopping


class RunEnded(SystemExit):
    """The process ends, whatever streams and rounds are left."""


class OutputEnded(RunEnded):
    """What the tap writes cannot be written any more; the line that says so has been logged."""

    def __init__(self) -> None:
        super().__init__(1)


class StoppedByUser(RunEnded):
    """The process was told to end; what was complete has been written.

    Args:
        stopping: By what signal.
        goes_on_from: What the next run begins with.
    """

    def __init__(self, stopping: Stopping, goes_on_from: str) -> None:
        super().__init__(stopping.exit_code)
        self.cause = stopping.cause
        self.goes_on_from = goes_on_from


def exit_code(*, failed: bool) -> int:
    """Return what the process is about to end with, by the exception that ends it if there is one."""
    ending = sys.exception()
    if isinstance(ending, SystemExit):
        return int(ending.code or 0)
    return int(failed or ending is not None)


UNTOUCHED = "where this one began"


def what_is_left(state: Mapping[str, Any]) -> str:
    """Say what a run begins with that gets this state."""
    bookmarks = state.get("bookmarks") or {}
    count = sum(1 for bookmark in bookmarks.values() if _leads_on(bookmark))
    if not count:
        return "the beginning"
    return f"the state just written (bookmarks of {count} stream{'s' if count > 1 else ''})"


def _leads_on(bookmark: Mapping[str, Any] | None) -> bool:
    """Whether anything was read: a version and the like are known before."""
    return any((bookmark or {}).get(name) for name in PLACES)


@contextmanager
def ended_when_told(stopping: Stopping, end: Callable[[], object]) -> Iterator[None]:
    """Call what ends the process, if it is told to before, meanwhile or after; requests end with an error then."""

    def look() -> None:
        if stopping.is_set():
            end()

    try:
        look()
        yield
    except StoppedError:
        look()
        raise
    look()
