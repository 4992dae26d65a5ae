"""The settings of the tap as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Named as the settings are."""

    api_url: str = "https://a.klaviyo.com"
    start_date: datetime | None = None
    end_date: datetime | None = None
    stream_options: Mapping[str, Any] = field(default_factory=dict)
    lookback_days: float = 7
    lookback_every_hours: float = 24
    max_workers: int = 24
    rate_limit_share: float = 1
    on_permission_denied: str = "skip"
    include_account_id: bool = False
    poll_interval_ms: int | None = None
    retry: int = 12
    retry_backoff_multiplier_ms: int = 100
    retry_backoff_max_ms: int = 60_000
    event_streams: Any = ()
    reports: Any = ()
    metric_aggregates: Any = ()
    custom_streams: Any = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Take the settings from a validated config."""
        named = {name: config[name] for name in cls.__dataclass_fields__ if config.get(name) is not None}
        for name in ("start_date", "end_date"):
            if name in named:
                named[name] = parse_instant(str(named[name]))
        return cls(**named, raw=config)
