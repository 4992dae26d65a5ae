"""One process that syncs again and again, each time from the state of the last sync."""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.emitter import StoppedByUser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_klaviyo.tap import TapKlaviyo

    Make = Callable[[dict[str, Any] | None], TapKlaviyo]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds between rounds; ``retry`` is how many failed ones in a row are borne, ``longest`` how far waits grow."""

    interval: float
    retry: int
    first: float
    longest: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Waits:
        """Take the waits from the settings, in milliseconds there."""
        return cls(
            interval=config["poll_interval_ms"] / 1000,
            retry=config["retry"],
            first=config["retry_backoff_multiplier_ms"] / 1000,
            longest=config["retry_backoff_max_ms"] / 1000,
        )

    def after(self, failed: int) -> float:
        """Return the wait after so many failed rounds in a row: doubled each time, and never less than the interval."""
        if failed == 0:
            return self.interval
        return max(self.interval, min(self.first * 2.0 ** min(failed - 1, 60), self.longest))


def poll(tap: TapKlaviyo, make: Make) -> None:
    """Sync until a signal comes, or more rounds in a row than `retry` says have failed.

    Each round is a tap of its own, so that nothing of one is left in the next but its state, its connection (which
    knows the limits) and the warnings that were given.

    Args:
        tap: The tap of the first round.
        make: Makes a tap that goes on from a state.

    Raises:
        SystemExit: Too many rounds failed, or the first could not begin at all.
    """
    waits, http = Waits.of(tap.config), tap.http
    failed = rounds = 0
    try:
        while True:
            rounds += 1
            try:
                complete = _sync(tap, first=rounds == 1)
            except StoppedByUser:
                return
            failed = 0 if complete else failed + 1
            if failed > waits.retry:
                logger.error("%d rounds in a row have failed; ending, with the state of what was read", failed)
                raise SystemExit(1)
            wait = waits.after(failed)
            if failed:
                logger.warning("round %d failed; trying again in %.1f s, from the state that it left", rounds, wait)
            if tap.stopping.wait(wait):
                return
            tap = _following(tap, make)
            if tap.stopping.is_set():
                return
    finally:
        http.close()


def _sync(tap: TapKlaviyo, *, first: bool) -> bool:
    """Sync once; whether everything was read."""
    try:
        tap.sync_once()
    except StoppedByUser:
        raise
    except SystemExit:  # no stream can be read
        if first:
            raise
        return False
    finally:
        tap.log_summary()
    return not tap.failures


def _following(tap: TapKlaviyo, make: Make) -> TapKlaviyo:
    following = make(copy.deepcopy(dict(tap.state)))
    following.take_over(tap)
    # The signal handler changes hands while a tap is made: whichever of the two was told, both know.
    if tap.stopping.is_set():
        following.stopping.set()
    return following
