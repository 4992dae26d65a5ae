"""Everything that is configured, read once: typed, with the default of each setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from tap_klaviyo import contract
from tap_klaviyo.config.errors import NO_DATE, SettingsError
from tap_klaviyo.contract.timestamps import parse_instant, parse_written
from tap_klaviyo.http.origin import KLAVIYO_URL

if TYPE_CHECKING:
    from datetime import datetime

Entries = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, named as users write them; instants are in UTC, lists of entries are as they were written.

    Shown, it holds no secret.
    """

    auth_token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    token_file: str | None = None
    revision: str = field(default_factory=lambda: contract.newest().revision)
    api_url: str = KLAVIYO_URL

    start_date: datetime | None = None
    end_date: datetime | None = None
    lookback_days: int = 7
    lookback_every_hours: float = 24
    sweep_every_hours: float = 24

    stream_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    on_permission_denied: str = "skip"
    hash_salt: str | None = field(default=None, repr=False)
    include_account_id: bool = False
    emit_activate_version_messages: bool = False

    max_workers: int = 24
    rate_limit_share: float = 1
    retry: int = 12
    retry_backoff_multiplier_ms: int = 100
    retry_backoff_max_ms: int = 60_000
    request_timeout: float = 120
    poll_interval_ms: int | None = None
    report_file: str | None = None

    event_streams: Entries = ()
    reports: Entries = ()
    metric_aggregates: Entries = ()
    custom_streams: Entries = ()

    # The SDK reads these by itself; the tap looks at them to choose how records leave.
    stream_maps: Mapping[str, Any] | None = None
    stream_map_config: Mapping[str, Any] | None = None
    faker_config: Mapping[str, Any] | None = None
    flattening_enabled: bool = False
    flattening_max_depth: int | None = None
    flattening_max_key_length: int = 255
    flattening_separator: str = "__"
    batch_config: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Settings:
        """Read a config that passed the check of its types; what is absent or null has its default.

        Raises:
            SettingsError: A date is not one.
        """
        given = {one.name: config[one.name] for one in fields(cls) if config.get(one.name) is not None}
        dates = {name: instant(name, given[name]) for name in DATES if name in given}
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return cls(**given | dates | lists)


DATES = ("start_date", "end_date")


def instant(name: str, value: Any) -> datetime:
    """Read a date or date-time, with the offset that it is written with; without a zone it is UTC.

    Raises:
        SettingsError: It is none.
    """
    try:
        parse_instant(str(value))
        return parse_written(str(value))
    except ValueError:
        raise SettingsError(NO_DATE.format(name)) from None


def defaults() -> dict[str, Any]:
    """Return the default of each setting that has one, as JSON."""
    plain = Settings()
    return {
        one.name: list(value) if isinstance(value, tuple) else value
        for one in fields(Settings)
        if (value := getattr(plain, one.name)) is not None
    }


SDK_SETTINGS = frozenset(
    (
        *("stream_maps", "stream_map_config", "faker_config", "batch_config"),
        *("flattening_enabled", "flattening_max_depth", "flattening_max_key_length", "flattening_separator"),
    )
)
"""The settings whose schema the SDK adds."""
