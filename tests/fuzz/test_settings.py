"""Whatever the settings hold, they are followed or refused in one line, and no key is quoted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast
from unittest import mock

import pytest
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.schema import ACCESS, BOUNDS, CONFIG_JSONSCHEMA, OWN_STREAMS, SELECTION, SPEED
from tap_klaviyo.config.validation import problems
from tap_klaviyo.config.values import plain
from tap_klaviyo.http import Origin
from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.streams.custom.build import custom_streams
from tap_klaviyo.streams.custom.events import event_streams
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.streams.reports.parse_entries import aggregate_entries, report_entries
from tap_klaviyo.sync.failures import in_one_line
from tap_klaviyo.tap import TapKlaviyo
from tests.fuzz import texts
from tests.fuzz.scale import examples
from tests.streams.custom.test_entries import VALID
from tests.streams.syncing import TODAY, sync

NOW = datetime(2026, 7, 15, tzinfo=UTC)
KEY = "pk_MARKED0123456789"
SECRET = "MARKED-client-secret"
REFUSALS = (SettingsError, KlaviyoError)
MANY_DIGITS = 4300

ENTRIES = [{"name": "mine", "path": "/api/lists", **cast("dict[str, Any]", members)} for members in VALID.values()]
EVENT_STREAMS = [
    {"name": "orders", "metric": "Placed Order"},
    {"name": "orders", "metric": "RESQ6t", "schema": {"fields": {"$value": "double"}}, "on_cast_error": "null"},
]
REPORTS = [
    {"name": "weekly", "report": "campaign_values", "statistics": ["opens"], "window": "week", "lookback": 3},
    {"name": "daily", "report": "flow_series", "interval": "daily", "filter": "equals(flow_id,'x')"},
    {"name": "last", "report": "campaign_values", "timeframe": "last_week", "conversion_metric": "Placed Order"},
]
AGGREGATES = [
    {"name": "orders", "metric": "Placed Order", "measurements": ["count"], "by": ["$flow"], "interval": "week"},
    {"name": "orders", "metric": "x", "filter": ["equals($flow,'x')"], "timezone": "America/New_York", "lookback": 0},
]
OPTIONS = {
    "profiles": {
        "fields": {"profile": ["email", "location.city"]},
        "include": ["push-tokens"],
        "additional_fields": ["predictive_analytics"],
        "filter": "equals(email,'x')",
        "page_size": 50,
    },
    "events": {"include": ["profile"], "fields": {"profile": ["email"], "event": ["datetime"]}},
    "lists": {"additional_fields": ["profile_count"]},
}
NAMES = [
    "",
    "lists",
    "flow_series_report",
    "id",
    "{id}",
    "{start}",
    "/api/lists",
    "$[",
    "..",
    "\ud800",
    KEY,
    "a\nb",
    "$.x",
]
VALUES = texts.values(*(json.dumps(name) for name in NAMES))


def read(value):
    """The value as the SDK reads it in a file: what Python's parser refuses ends before it becomes a setting."""

    def whole(text):
        return int(text) if len(text) < MANY_DIGITS else 10**300

    def exact(text):
        return Decimal(text) if len(text) < len("1e-99999999999999999") else Decimal(1) / 3

    return json.loads(texts.write(value), parse_float=exact, parse_int=whole)


def entries(setting, value):
    """A list setting with one entry, as far as it passes the check of the settings as a whole."""
    found = [plain(read(value))]
    assume(not list(problems({setting: found}, CONFIG_JSONSCHEMA)))
    return found


def ends_well(follow):
    """Follow settings, or be refused in one line that quotes no key; True if they were followed."""
    try:
        follow()
    except REFUSALS as refusal:
        line = in_one_line(refusal)
        assert line
        assert "\n" not in line
        assert not line.startswith("unexpected")
        assert KEY not in line
        event("refused")
        return False
    event("followed")
    return True


def parents():
    return {stream.name: stream for stream in STREAMS}


@given(st.sampled_from(ENTRIES), st.data())
@examples(300)
def test_custom_streams(entry, data):
    raw = entries("custom_streams", data.draw(texts.spoilt(entry, VALUES)))
    origin = Origin.of("sandbox://")
    ends_well(lambda: custom_streams(raw, parents(), taken={*parents()}, origin=origin, now=NOW))


@given(st.sampled_from(EVENT_STREAMS), st.data())
@examples(150)
def test_event_streams(entry, data):
    raw = entries("event_streams", data.draw(texts.spoilt(entry, VALUES)))
    ends_well(lambda: event_streams(raw, {*parents()}))


@given(st.sampled_from(REPORTS), st.data())
@examples(150)
def test_reports(entry, data):
    raw = entries("reports", data.draw(texts.spoilt(entry, VALUES)))
    ends_well(lambda: report_entries(raw, parents()))


@given(st.sampled_from(AGGREGATES), st.data())
@examples(150)
def test_metric_aggregates(entry, data):
    raw = entries("metric_aggregates", data.draw(texts.spoilt(entry, VALUES)))
    ends_well(lambda: aggregate_entries(raw, parents()))


# Not of the schema: each tap adds the SDK's own settings to that.
SETTINGS = sorted(setting.name for setting in (*ACCESS, *BOUNDS, *OWN_STREAMS, *SELECTION, *SPEED))
QUOTING = {"custom_streams", "event_streams", "metric_aggregates", "reports", "stream_options"}
OWN: dict[str, list[Any]] = {
    "custom_streams": [[entry] for entry in ENTRIES],
    "event_streams": [[entry] for entry in EVENT_STREAMS],
    "reports": [[entry] for entry in REPORTS],
    "metric_aggregates": [[entry] for entry in AGGREGATES],
    "stream_options": [OPTIONS],
}
SCALARS: list[Any] = ["sandbox://", "https://a.klaviyo.com", "2024-01-01T00:00:00Z", "skip", "2026-07-15", 1, 0.5, True]


@st.composite
def settings(draw):
    """A few settings, some as they should be and some not."""
    found = {"api_url": "sandbox://"}
    for name in draw(st.lists(st.sampled_from(SETTINGS), min_size=1, max_size=3, unique=True)):
        usual: Any = draw(st.sampled_from(OWN.get(name, SCALARS)))
        secrets = (
            st.sampled_from([SECRET, [SECRET], {"a": SECRET}, {SECRET: 1}]) if name not in QUOTING else st.nothing()
        )
        found[name] = draw(texts.spoilt(usual, VALUES, most=2) | VALUES | secrets)
    return read(found)


@given(settings(), st.booleans())
@example({"auth_token": "\ud800", "max_workers": 1}, True)  # noqa: FBT003
@example({"rate_limit_share": float("nan")}, True)  # noqa: FBT003
@example({"lookback_days": 10**300, "lookback_every_hours": Decimal("1e308"), "retry": 10**300}, True)  # noqa: FBT003
@example({"stream_options": [1]}, False)  # noqa: FBT003
@example({"reports": "x"}, False)  # noqa: FBT003
@examples(60)
def test_the_settings_as_a_whole(config, validated):
    def follow():
        tap = TapKlaviyo(config=config, validate_config=validated)
        assert tap.catalog_dict["streams"]
        if validated:
            tap.hang_up()

    ends_well(follow)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in QUOTING])
@pytest.mark.parametrize("value", [[SECRET], {"a": SECRET}, {SECRET: 1}], ids=str)
def test_a_secret_in_the_wrong_place_is_not_quoted(name, value):
    with pytest.raises(SettingsError) as refused:
        TapKlaviyo(config={"api_url": "sandbox://", name: value})
    assert SECRET not in in_one_line(refused.value)
    assert f"setting '{name}" in in_one_line(refused.value)


@given(st.sampled_from(ENTRIES), st.data())
@examples(25)
def test_what_is_followed_ends_in_requests_or_in_one_line(entry, data):
    """A custom stream that was taken never ends in an error that is nobody's to read."""
    config = {"custom_streams": entries("custom_streams", data.draw(texts.spoilt(entry, VALUES, most=2)))}
    if not ends_well(lambda: TapKlaviyo(config={"api_url": "sandbox://", **config}).streams):
        return

    def said(error):
        line = in_one_line(error)
        if line.startswith("unexpected"):
            raise AssertionError(line) from error
        return line

    name = config["custom_streams"][0]["name"]
    with mock.patch("tap_klaviyo.sync.failures.in_one_line", said):
        sync(SANDBOX, name, config=config)


SANDBOX = Sandbox(Shop(events=20, profiles=10), now=lambda: TODAY)
