"""What the streams of one sync share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tap_klaviyo.pagination.budget import Budget
from tap_klaviyo.sync.account import Account
from tap_klaviyo.sync.board import Board
from tap_klaviyo.sync.failures import Failures
from tap_klaviyo.sync.owner import Owner, key_of
from tap_klaviyo.sync.parents import ParentIds
from tap_klaviyo.sync.sources import Sources

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.sync.clock import Clock
    from tap_klaviyo.sync.output import Output
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
    owner: Owner
    board: Board
    failures: Failures
    budget: Budget = field(default_factory=Budget)

    @classmethod
    def begin(
        cls, settings: Settings, clock: Clock, stopping: Stopping, output: Output, earlier: Sources | None = None
    ) -> Session:
        """Make what the streams of a sync share; one after an ``earlier`` one goes on with its connection."""
        sources = Sources(settings, stopping, earlier)
        board = Board(settings.report_file, goes_on=settings.poll_interval_ms is not None)
        account = Account(sources, in_records=settings.include_account_id)
        return cls(
            settings=settings,
            clock=clock,
            stopping=stopping,
            sources=sources,
            output=output,
            parent_ids=ParentIds(stopping),
            account=account,
            owner=Owner(account, key_of(settings)),
            board=board,
            failures=Failures(sources, board, skips_denied=settings.on_permission_denied == "skip"),
        )

    @property
    def started_at(self) -> datetime:
        """When the sync began."""
        return self.clock.began

    @property
    def version(self) -> int:
        """What the records of a versioned read carry: later syncs have higher ones."""
        return int(self.started_at.timestamp() * 1000)
