"""The settings' schema, in small named blocks, and what only this tap can check about them."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_klaviyo.contract import REVISION

_DAY_MS = 86_400_000
_CENTURY = 36_500  # days; a clock takes no more than a few millennia
_DATE_TIME_HINT = "RFC 3339, for example 2024-01-01T00:00:00Z."

ACCESS = (
    th.Property("auth_token", th.StringType, secret=True, title="API key", description="Klaviyo private API key."),
    th.Property("api_key", th.StringType, secret=True, title="API key", description="Another name of auth_token."),
    th.Property("private_key", th.StringType, secret=True, title="API key", description="Another name of auth_token."),
    th.Property("client_id", th.StringType, secret=True, title="Client id", description="OAuth, in place of the key."),
    th.Property("client_secret", th.StringType, secret=True, title="Client secret", description="OAuth."),
    th.Property("refresh_token", th.StringType, secret=True, title="Refresh token", description="OAuth."),
    th.Property(
        "token_file",
        th.StringType,
        title="Token file",
        description="Where a rotated OAuth refresh token is kept between runs.",
    ),
    th.Property(
        "revision",
        th.StringType,
        default=REVISION,
        title="Revision",
        description="API revision header. What is asked for is decided by the contract of the default.",
    ),
    th.Property(
        "api_url",
        th.StringType,
        default="https://a.klaviyo.com",
        title="API URL",
        description="Scheme, host and port of the API; sandbox:// is the embedded made-up shop, which needs no key.",
    ),
)

BOUNDS = (
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Earliest date of events, event_streams, profiles, reviews, object_ingestion_logs, reports and "
            f"metric_aggregates; everything else is read whole first. {_DATE_TIME_HINT}"
        ),
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description=(
            "Exclusive end of the same streams. With start_date, in a run of its own, re-reads a range. "
            f"{_DATE_TIME_HINT}"
        ),
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=_CENTURY),
        default=7,
        title="Lookback days",
        description="How far the lower bound of events steps back for events that arrive late; 0 turns it off.",
    ),
    th.Property(
        "lookback_every_hours",
        th.NumberType(minimum=0, maximum=24 * _CENTURY),
        default=24,
        title="Lookback every hours",
        description="How often it does so.",
    ),
)

SELECTION = (
    th.Property(
        "stream_options",
        th.ObjectType(additional_properties=True),
        default={},
        title="Stream options",
        description="By stream name: fields, include, additional_fields, filter, page_size.",
    ),
    th.Property(
        "on_permission_denied",
        th.StringType,
        default="skip",
        allowed_values=["skip", "fail"],
        title="On permission denied",
        description="A stream that the key has no scope for: warn, name the scope and go on (skip), or fail.",
    ),
    th.Property(
        "include_account_id",
        th.BooleanType,
        default=False,
        title="Include account id",
        description="Add account_id to every record and put it first in every key.",
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=False,
        title="Emit ACTIVATE_VERSION messages",
        description="Let the target drop rows that are gone from streams that are read whole by every sync. "
        "An incremental stream does so when the catalog has it as FULL_TABLE.",
    ),
)

SPEED = (
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=256),
        default=24,
        title="Max workers",
        description="Requests in flight at most; 1 is one after the other.",
    ),
    th.Property(
        "rate_limit_share",
        th.NumberType(exclusive_minimum=0, maximum=1),
        default=1,
        title="Rate limit share",
        description="The part of Klaviyo's limits, which belong to the account, that this tap may use.",
    ),
    th.Property(
        "retry",
        th.IntegerType(minimum=0, maximum=1000),
        default=12,
        title="Retry",
        description="Retries of a failed request.",
    ),
    th.Property(
        "retry_backoff_multiplier_ms",
        th.IntegerType(minimum=0, maximum=_DAY_MS),
        default=100,
        title="Retry backoff multiplier (ms)",
        description="The wait before the first retry, doubled each time.",
    ),
    th.Property(
        "retry_backoff_max_ms",
        th.IntegerType(minimum=0, maximum=_DAY_MS),
        default=60000,
        title="Retry backoff maximum (ms)",
        description="The longest wait between retries.",
    ),
    th.Property(
        "request_timeout",
        th.NumberType(exclusive_minimum=0, maximum=86_400),
        default=120,
        title="Request timeout (s)",
        description="Seconds to connect, and seconds to wait for an answer.",
    ),
    th.Property(
        "poll_interval_ms",
        th.IntegerType(minimum=0, maximum=_CENTURY * _DAY_MS),
        title="Poll interval (ms)",
        description="Keep running: sync again that long after the last sync ended.",
    ),
)

_ENTRIES = th.ArrayType(th.ObjectType(additional_properties=True))

OWN_STREAMS = (
    th.Property(
        "event_streams",
        _ENTRIES,
        default=[],
        title="Event streams",
        description="One extra stream a metric: {name, metric}, the metric by id or by name.",
    ),
    th.Property(
        "reports",
        _ENTRIES,
        default=[],
        title="Reports",
        description=(
            "Named reports, a stream each: {name, report, statistics, group_by, filter, window or interval or "
            "timeframe, conversion_metric, lookback}."
        ),
    ),
    th.Property(
        "metric_aggregates",
        _ENTRIES,
        default=[],
        title="Metric aggregates",
        description=(
            "Named metric aggregates, a stream each: {name, metric, measurements, by, interval, filter, timezone, "
            "lookback}."
        ),
    ),
    th.Property(
        "custom_streams",
        _ENTRIES,
        default=[],
        title="Custom streams",
        description="Any other endpoint as a stream.",
    ),
)

CONFIG_JSONSCHEMA = th.PropertiesList(*ACCESS, *BOUNDS, *SELECTION, *SPEED, *OWN_STREAMS).to_dict()
# What says which streams and columns there are.
SHAPING = ("api_url", "include_account_id", "stream_options", *(setting.name for setting in OWN_STREAMS))
