"""One process that syncs again and again, each time from the state of the last sync."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar

from tap_klaviyo.sync.endings import RunEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.sync.stopping import Stopping

logger = logging.getLogger(__name__)


class Round(Protocol):
    """What is synced again and again: a tap of its own each time."""

    @property
    def stopping(self) -> Stopping:
        """The wish that the sync ends."""

    @property
    def failures(self) -> list[str]:
        """The streams that failed."""

    @property
    def state(self) -> Mapping[str, Any]:
        """What the next round goes on from."""

    def sync_once(self) -> None:
        """Sync all selected streams."""

    def log_summary(self) -> None:
        """Log what each stream came to."""

    def end_if_told(self) -> None:
        """Write the state and end the process, if it was told to end."""

    def hang_up(self) -> None:
        """Close the connection."""


R = TypeVar("R", bound=Round)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds between rounds; ``retry`` is how many failed ones in a row are borne, ``longest`` how far waits grow."""

    interval: float
    retry: int
    first: float
    longest: float

    @classmethod
    def of(cls, settings: Settings, interval_ms: float) -> Waits:
        """Take the waits from the settings, in milliseconds there."""
        return cls(
            interval=interval_ms / 1000,
            retry=settings.retry,
            first=settings.retry_backoff_multiplier_ms / 1000,
            longest=settings.retry_backoff_max_ms / 1000,
        )

    def after(self, failed: int) -> float:
        """Return the wait after so many failed rounds in a row: doubled each time, and never less than the interval."""
        if failed == 0:
            return self.interval
        return max(self.interval, min(self.first * 2.0 ** min(failed - 1, 60), self.longest))


def poll(first: R, waits: Waits, following: Callable[[R, dict[str, Any]], R]) -> NoReturn:
    """Sync until a signal comes, the target is gone, or more rounds in a row than `retry` says have failed.

    Each round is a tap of its own, so that nothing of one is left in the next but its state, its connection (which
    knows the limits) and the warnings that were given.

    Args:
        first: The first round.
        waits: Seconds between rounds.
        following: Makes the round after one, which goes on from a state with the same connection.

    Raises:
        RunEnded: The process was told to end, or nobody takes what it writes.
        SystemExit: Too many rounds failed, or the first could not begin at all.
    """
    failed = rounds = 0
    current = first
    try:
        while True:
            rounds += 1
            complete = _sync(current, first=rounds == 1)
            failed = 0 if complete else failed + 1
            if failed > waits.retry:
                logger.error("%d rounds in a row failed; exiting with the state written so far", failed)
                raise SystemExit(1)
            wait = waits.after(failed)
            if failed:
                logger.warning("round %d failed; retrying in %.1f s from the state written so far", rounds, wait)
            current.stopping.wait(wait)
            current.end_if_told()
            current = following(current, copy.deepcopy(dict(current.state)))
    finally:
        first.hang_up()


def _sync(current: Round, *, first: bool) -> bool:
    """Sync once; whether everything was read."""
    try:
        current.sync_once()
    except RunEnded:
        raise
    except SystemExit:  # no stream can be read
        if first:
            raise
        return False
    finally:
        current.log_summary()
    return not current.failures
