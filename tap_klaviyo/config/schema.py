"""The settings' schema, in small named blocks, and what only this tap can check about them."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_klaviyo.config.settings import defaults

_DAY_MS = 86_400_000
_CENTURY = 36_500  # days; a clock takes no more than a few millennia
_DATE_TIME_HINT = "RFC 3339, for example 2024-01-01T00:00:00Z."

_DEFAULTS = defaults()


def _setting(name: str, kind: Any, **words: Any) -> th.Property[Any]:
    """A setting with the default that `Settings` has for it."""
    return th.Property(name, kind, default=_DEFAULTS.get(name), **words)


ACCESS = (
    _setting("auth_token", th.StringType, secret=True, title="API key", description="Klaviyo private API key."),
    _setting("api_key", th.StringType, secret=True, title="API key", description="Another name for auth_token."),
    _setting("private_key", th.StringType, secret=True, title="API key", description="Another name for auth_token."),
    _setting("client_id", th.StringType, secret=True, title="Client id", description="OAuth, in place of the key."),
    _setting("client_secret", th.StringType, secret=True, title="Client secret", description="OAuth."),
    _setting("refresh_token", th.StringType, secret=True, title="Refresh token", description="OAuth."),
    _setting(
        "token_file",
        th.StringType,
        title="Token file",
        description="Where a rotated OAuth refresh token is kept between runs.",
    ),
    _setting(
        "revision",
        th.StringType,
        title="Revision",
        description="API revision header. What is asked for is decided by the contract of the default.",
    ),
    _setting(
        "api_url",
        th.StringType,
        title="API URL",
        description="Scheme, host and port of the API; sandbox:// is the embedded made-up shop, which needs no key.",
    ),
)

BOUNDS = (
    _setting(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Earliest date of events, event_streams, profiles, reviews, object_ingestion_logs, reports and "
            f"metric_aggregates; everything else is read whole first. {_DATE_TIME_HINT}"
        ),
    ),
    _setting(
        "end_date",
        th.DateTimeType,
        title="End date",
        description=(
            "Exclusive end of the same streams. With start_date, in a run of its own, re-reads a range. "
            f"{_DATE_TIME_HINT}"
        ),
    ),
    _setting(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=_CENTURY),
        title="Lookback days",
        description="How far the lower bound of events steps back for events that arrive late; 0 turns it off.",
    ),
    _setting(
        "lookback_every_hours",
        th.NumberType(minimum=0, maximum=24 * _CENTURY),
        title="Lookback every hours",
        description="How often the lower bound of events steps back.",
    ),
    th.Property(
        "sweep_every_hours",
        th.NumberType(minimum=0, maximum=24 * _CENTURY),
        default=24,
        title="Sweep every hours",
        description="How often everything is asked that changes without saying so; in between only what changed is. "
        "0 asks everything in every run.",
    ),
)

SELECTION = (
    _setting(
        "stream_options",
        th.ObjectType(additional_properties=True),
        title="Stream options",
        description="By stream name: fields, include, additional_fields, filter, metrics, exclude_metrics, page_size, "
        "start_date, hash, redact, property_columns, full_table_every_days; under '*' hash, redact and "
        "full_table_every_days for all streams.",
    ),
    _setting(
        "hash_salt",
        th.StringType,
        secret=True,
        title="Hash salt",
        description="What stands before each value that stream_options hashes; the same salt gives the same hashes.",
    ),
    _setting(
        "on_permission_denied",
        th.StringType,
        allowed_values=["skip", "fail"],
        title="On permission denied",
        description="A stream that the key has no scope for: warn, name the scope and go on (skip), or fail.",
    ),
    _setting(
        "include_account_id",
        th.BooleanType,
        title="Include account id",
        description="Add account_id to every record and put it first in every key.",
    ),
    _setting(
        "emit_activate_version_messages",
        th.BooleanType,
        title="Emit ACTIVATE_VERSION messages",
        description="Let the target drop rows that are gone from streams that are read whole by every sync. "
        "An incremental stream does so when the catalog has it as FULL_TABLE.",
    ),
)

SPEED = (
    _setting(
        "max_workers",
        th.IntegerType(minimum=1, maximum=256),
        title="Max workers",
        description="Most requests in flight at once; 1 sends one after the other.",
    ),
    _setting(
        "rate_limit_share",
        th.NumberType(exclusive_minimum=0, maximum=1),
        title="Rate limit share",
        description="The part of Klaviyo's limits, which belong to the account, that this tap may use.",
    ),
    _setting(
        "retry",
        th.IntegerType(minimum=0, maximum=1000),
        title="Retry",
        description="Retries of a failed request.",
    ),
    _setting(
        "retry_backoff_multiplier_ms",
        th.IntegerType(minimum=0, maximum=_DAY_MS),
        title="Retry backoff multiplier (ms)",
        description="The wait before the first retry, doubled each time.",
    ),
    _setting(
        "retry_backoff_max_ms",
        th.IntegerType(minimum=0, maximum=_DAY_MS),
        title="Retry backoff maximum (ms)",
        description="The longest wait between retries.",
    ),
    _setting(
        "request_timeout",
        th.NumberType(exclusive_minimum=0, maximum=86_400),
        title="Request timeout (s)",
        description="Seconds to connect, and seconds to wait for a response.",
    ),
    _setting(
        "poll_interval_ms",
        th.IntegerType(minimum=0, maximum=_CENTURY * _DAY_MS),
        title="Poll interval (ms)",
        description="Keep running: sync again that long after the last sync ended.",
    ),
    _setting(
        "report_file",
        th.StringType,
        title="Report file",
        description="Where the end of each sync is written as JSON: every stream's status, records and bookmark.",
    ),
)

_ENTRIES = th.ArrayType(th.ObjectType(additional_properties=True))

OWN_STREAMS = (
    _setting(
        "event_streams",
        _ENTRIES,
        title="Event streams",
        description="One extra stream per metric: {name, metric, schema, on_cast_error}; metric is an id or a name.",
    ),
    _setting(
        "reports",
        _ENTRIES,
        title="Reports",
        description=(
            "Named reports, one stream per entry: {name, report, statistics, group_by, filter, window or interval or "
            "timeframe, conversion_metric, lookback}."
        ),
    ),
    _setting(
        "metric_aggregates",
        _ENTRIES,
        title="Metric aggregates",
        description=(
            "Named metric aggregates, one stream per entry: {name, metric, measurements, by, interval, filter, "
            "timezone, lookback}."
        ),
    ),
    _setting(
        "custom_streams",
        _ENTRIES,
        title="Custom streams",
        description="Any other endpoint as a stream.",
    ),
)

# The SDK acts on these; its own schema has neither their defaults nor their bounds.
FLATTENING = (
    _setting(
        "flattening_enabled",
        th.BooleanType,
        title="Enable schema flattening",
        description="Make members of objects columns of their own, down to flattening_max_depth.",
    ),
    _setting(
        "flattening_max_depth",
        th.IntegerType(minimum=0, maximum=100),
        title="Max flattening depth",
        description="How many levels of objects are flattened; flattening_enabled needs it.",
    ),
    _setting(
        "flattening_max_key_length",
        th.IntegerType(minimum=8, maximum=10_000),
        title="Max key length",
        description="Longer flattened names are shortened: 63 for PostgreSQL, which would cut them.",
    ),
    _setting(
        "flattening_separator",
        th.StringType,
        title="Flattening separator",
        description="Between the names of an object and its member.",
    ),
)

CONFIG_JSONSCHEMA = th.PropertiesList(*ACCESS, *BOUNDS, *SELECTION, *SPEED, *OWN_STREAMS, *FLATTENING).to_dict()
