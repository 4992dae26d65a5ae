"""`--suggest`: property columns for an account, ready to be pasted into the settings."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tap_klaviyo.streams.property_samples import Found, example, found_in, type_of
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import TODAY, sync


@pytest.fixture(scope="module")
def shop():
    shop = Shop(events=300, profiles=60)
    for number, row in enumerate(shop.resources("profile")):
        properties = {"Birthday": "1990-01-02", "Points": number, "mail": "ann@example.com", "a@b.de": 1}
        shop.update("profile", row.id, properties=properties if number % 2 else {"Points": number})
    return shop


def suggested(shop, tmp_path, access=None, now=TODAY, **config):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"api_url": "sandbox://", **config}))
    sandbox = Sandbox(shop, now=lambda: now, **({"access": access} if access else {}))
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox):
        result = CliRunner().invoke(TapKlaviyo.cli, ["--config", str(path), "--suggest"])
    assert result.exit_code == 0, result.output
    return result.stdout, sandbox


def test_what_is_suggested_can_be_pasted_and_read(shop, tmp_path):
    metric = shop.resources("event")[0].relationships["metric"]
    own = {"event_streams": [{"name": "orders", "metric": metric}]}
    text, sandbox = suggested(shop, tmp_path, **own)
    block = yaml.safe_load(text)
    assert {*block["stream_options"]} == {"events", "profiles", "orders"}
    assert len(sandbox.requests) < 16  # those of metrics are limited to 15 per minute
    run = sync(shop, "events", "profiles", "orders", config=block | own)
    for name in ("events", "profiles", "orders"):
        for column in block["stream_options"][name]["property_columns"]:
            there = any(record[column] is not None for record in run.records[name])
            assert there or re.search(rf"^      {column}: .*# in none of these rows$", text, re.MULTILINE)
    assert not run.tap.session.sources.tally("profiles").odd


def test_a_line_says_type_fill_rate_and_shape(shop, tmp_path):
    text, _ = suggested(shop, tmp_path)
    assert '      birthday: {property: "Birthday", type: "date"}  # 50%, like 9999-99-99\n' in text
    assert re.search(r'^      points: {property: "Points", type: "bigint"}  # 100%, like [0-9]+$', text, re.MULTILINE)
    assert '      mail: {property: "mail", type: "string"}  # 50%, like xxx@xxxxxxx.xxx\n' in text
    assert "ann" not in text
    assert "a@b" not in text
    assert "1990" not in text


def test_what_only_klaviyo_lists_is_suggested_too(tmp_path):
    shop = Shop(events=30, profiles=3)
    for row in shop.resources("event"):
        shop.update("event", row.id, event_properties={})
    text, _ = suggested(shop, tmp_path)
    assert '      is_first_order: {property: "Is First Order", type: "boolean"}  # in none of these rows\n' in text
    assert '      property_value: {property: "$value", type: "double"}  # in none of these rows\n' in text


def test_a_name_that_no_setting_can_spell_is_not_suggested(tmp_path):
    shop = Shop(events=30, profiles=3)
    for row in shop.resources("event"):
        shop.update("event", row.id, event_properties={}, datetime=TODAY.isoformat())
    for row in shop.resources("metric-property"):
        shop.update("metric-property", row.id, property='odd "name"')
    text, _ = suggested(shop, tmp_path)
    assert "odd" not in text


def test_an_account_with_enough_lately_is_asked_once(tmp_path):
    shop, now = Shop(events=80, profiles=3), datetime.now(UTC)
    for row in shop.resources("event"):
        shop.update("event", row.id, datetime=(now - timedelta(hours=1)).isoformat())
    text, sandbox = suggested(shop, tmp_path, now=now)
    assert re.search(r"# events: \d\d+ rows of event_properties were looked at", text)
    assert [one.path for one in sandbox.requests].count("/api/events") == 1


@pytest.mark.parametrize(("count", "last"), [(0, "rows of properties were looked at"), (70, "# and 10 rarer ones")])
def test_as_many_as_there_are_but_not_too_many(tmp_path, count, last):
    shop = Shop(events=30, profiles=3)
    for row in shop.resources("profile"):
        shop.update("profile", row.id, properties={f"p{number:02}": number for number in range(count)})
    text, _ = suggested(shop, tmp_path)
    lines = text[text.index("  # profiles") :].splitlines()
    assert lines[-1].endswith(last)
    assert len(yaml.safe_load(text)["stream_options"].get("profiles", {}).get("property_columns", {})) == min(count, 60)


def test_what_the_key_may_not_read_is_said(shop, tmp_path):
    access = Access(scopes={"": {"events:read"}})
    text, _ = suggested(shop, tmp_path, access)
    assert "  # profiles: " in text
    assert "profiles:read" in text
    assert [*yaml.safe_load(text)["stream_options"]] == ["events"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], "boolean"),
        ([1, True], "string"),
        ([1, 2**40], "bigint"),
        ([2**70], "double"),
        ([1, 2.5, "3.5"], "double"),
        (["12", "007"], "string"),
        (["2026-01-02"], "date"),
        (["2026-01-02", "2026-01-02T03:04:05Z"], "timestamp"),
        (["2026-01-02", "soon"], "string"),
        ([["a"], ["b", "c"]], "array<string>"),
        ([[1], [None]], "array<bigint>"),
        ([[{"a": 1}]], "string"),
        ([[]], "string"),
        ([[1], 1], "string"),
        ([1e400, "nan"], "string"),
    ],
)
def test_types(values, kind):
    assert type_of(values) == kind


@settings(max_examples=60)
@given(st.text(min_size=1), st.text(alphabet="abcXYZ019@. -", min_size=1))
def test_no_letter_or_digit_of_a_string_is_shown(name, value):
    assert not {*example(Found((name,), [value]))} & {*"abcYZ01"}


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("n", 12.5, "12.5"),
        ("n", True, "true"),
        ("zip", 501, "999"),
        ("n", 491701234567, "9" * 12),
        ("n", [1], "a list of 1"),
    ],
)
def test_shapes(name, value, shown):
    assert example(Found((name,), [value])) == shown


def test_where_values_are():
    found = found_in([{"a": {"b": 1, "c": ""}, "l": [{"x": 1}, {"x": 2}], "t": ["u"], "n": None}, {"a": {"b": 2}}])
    assert [(one.path, one.values) for one in found] == [
        (("a", "b"), [1, 2]),
        (("l", 0, "x"), [1]),
        (("t",), [["u"]]),
    ]
