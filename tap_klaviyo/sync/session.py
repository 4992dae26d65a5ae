"""What the streams of one sync share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.sync.account import Account
    from tap_klaviyo.sync.board import Board
    from tap_klaviyo.sync.clock import Clock
    from tap_klaviyo.sync.failures import Failures
    from tap_klaviyo.sync.output import Output
    from tap_klaviyo.sync.parents import ParentIds
    from tap_klaviyo.sync.sources import Sources
    from tap_klaviyo.sync.stopping import Stopping


@dataclass(frozen=True, slots=True)
class Session:
    """Made by the tap, once a sync, and handed to its streams."""

    settings: Settings
    clock: Clock
    stopping: Stopping
    sources: Sources
    output: Output
    parent_ids: ParentIds
    account: Account
    board: Board
    failures: Failures

    @property
    def started_at(self) -> datetime:
        """When the sync began."""
        return self.clock.began

    @property
    def version(self) -> int:
        """What the records of a versioned read carry: later syncs have higher ones."""
        return int(self.started_at.timestamp() * 1000)
