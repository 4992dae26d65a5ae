"""Values inside free-form properties as typed columns of their own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.records.projection import Projection
from tap_klaviyo.records.property_path import PropertyPathError, follow, parse_path, written
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import sync

PROPERTIES = {
    "$value": "19.90",
    "Items": [{"SKU": "A-1", "Price": 5}, {"SKU": 7}],
    "post.code": "10115",
    "When": "2026-01-02 03:04:05",
    "Count": "many",
}
COLUMNS = {
    "amount": {"property": "$value", "type": "decimal(10,2)"},
    "first_sku": {"property": "Items[0].SKU", "type": "string"},
    "last_sku": {"property": "Items[-1].SKU", "type": "string"},
    "third_sku": {"property": "Items[2].SKU", "type": "string"},
    "items": {"property": "Items", "type": [{"SKU": "string", "Price": "int"}]},
    "post_code": {"property": '"post.code"', "type": "string"},
    "at": {"property": "When", "type": "timestamp"},
    "count": {"property": "Count", "type": "int"},
    "nothing": {"property": "No.such", "type": "boolean"},
}
EXPECTED = {
    "amount": 19.9,
    "first_sku": "A-1",
    "last_sku": "7",
    "third_sku": None,
    "items": [{"SKU": "A-1", "Price": 5}, {"SKU": "7", "Price": None}],
    "post_code": "10115",
    "at": "2026-01-02T03:04:05+00:00",
    "count": None,
    "nothing": None,
}


@pytest.fixture(scope="module")
def shop():
    shop = Shop(events=12, profiles=4)
    for kind, attribute in (("event", "event_properties"), ("profile", "properties")):
        for row in shop.resources(kind):
            shop.update(kind, row.id, **{attribute: PROPERTIES})
    return shop


def options(columns, stream="events", **more):
    return {"stream_options": {stream: {"property_columns": columns, **more}}}


# Paths

STEPS = st.lists(st.text(min_size=1).filter(lambda one: '"' not in one) | st.integers(-999, 999), min_size=1)


@settings(max_examples=100)
@given(STEPS.filter(lambda steps: isinstance(steps[0], str)))
def test_what_is_written_is_read(steps):
    assert parse_path(written(steps)) == tuple(steps)


@pytest.mark.parametrize(
    "text", ["", ".", "[0]", "a.", ".a", "a..b", "a[", "a[x]", "a[]", "a[*]", "a[0]b", 'a"b', 'a."', '""', "a.[0]"]
)
def test_what_is_no_path_is_refused(text):
    with pytest.raises(PropertyPathError, match="cannot be read from character"):
        parse_path(text)


def test_a_path_that_leads_nowhere_is_null():
    value = {"a": [{"b": 1}], "c": "text"}
    assert follow(value, parse_path("a[0].b")) == 1
    assert [follow(value, parse_path(path)) for path in ("a[1]", "a[-2]", "a.b", "c.d", "c[0]", "d.e")] == [None] * 6


# Columns


@pytest.mark.parametrize("stream", ["events", "profiles", "orders"])
@pytest.mark.parametrize("fast", [True, False])
def test_values_are_typed_where_they_fit(shop, stream, fast, caplog, monkeypatch):
    """On the fast path, and on the one that everything else takes."""
    if not fast:
        monkeypatch.setattr(Projection, "of", lambda *_: None)
    config = options(COLUMNS, stream)
    if stream == "orders":
        metric = shop.resources("event")[0].relationships["metric"]
        config["event_streams"] = [{"name": "orders", "metric": metric}]
    run = sync(shop, stream, config=config)
    assert run.records[stream]
    for record in run.records[stream]:
        assert {name: record[name] for name in COLUMNS} == EXPECTED
        assert record["properties" if stream == "profiles" else "event_properties"] == PROPERTIES
    assert [line for line in caplog.messages if "does not match its type" in line] == [
        f"{stream}: a value of 'count' in Klaviyo's response does not match its type and was set to null"
    ]
    assert run.tap.session.sources.tally(stream).odd == {"count": len(run.records[stream])}
    with caplog.at_level("INFO"):
        run.tap.log_summary()
    assert f"{stream}: {len(run.records[stream])} values of 'count' did not match its type: null" in caplog.messages


def test_the_fast_path_stays_fast(shop, monkeypatch):
    asked = []
    monkeypatch.setattr("tap_klaviyo.records.flatten.Flattener.record", lambda *_: asked.append(1))
    sync(shop, "events", config=options(COLUMNS))
    assert not asked


def test_schemas_have_the_types_of_custom_streams(shop):
    run = sync(shop, "events", config=options(COLUMNS))
    schema = next(one["schema"]["properties"] for one in run.of("events") if one["type"] == "SCHEMA")
    assert schema["amount"] == {"type": ["number", "null"]}
    assert schema["at"] == {"type": ["string", "null"], "format": "date-time"}
    assert schema["items"]["items"]["properties"]["SKU"] == {"type": ["string", "null"]}


def test_a_deselected_tree_is_asked_for_and_not_written(shop):
    def change(entry):
        for item in entry["metadata"]:
            if item["breadcrumb"] == ["properties", "event_properties"]:
                item["metadata"]["selected"] = False

    run = sync(shop, "events", config=options({"amount": COLUMNS["amount"]}), change=change)
    assert all(record["amount"] == 19.9 and "event_properties" not in record for record in run.records["events"])
    run = sync(shop, "events", config=options({"amount": COLUMNS["amount"]}, fields={"event": ["datetime"]}))
    assert all(record["amount"] == 19.9 and "event_properties" not in record for record in run.records["events"])
    assert all("event_properties" in query for query in run.asked("/api/events"))


@pytest.mark.parametrize("hidden", ["amount", "event_properties.$value"])
def test_a_hidden_value_is_hidden_in_the_tree_and_in_its_columns(shop, hidden):
    config = options({"amount": COLUMNS["amount"], "sku": COLUMNS["first_sku"]}, redact=[hidden])
    for record in sync(shop, "events", config=config).records["events"]:
        assert (record["amount"], record["event_properties"]["$value"], record["sku"]) == (None, None, "A-1")


def test_a_hidden_tree_leaves_its_columns(shop):
    config = options({"amount": COLUMNS["amount"], "sku": COLUMNS["first_sku"]}, redact=["event_properties"])
    for record in sync(shop, "events", config=config).records["events"]:
        assert (record["amount"], record["event_properties"], record["sku"]) == (19.9, None, "A-1")
    config = options({"items": COLUMNS["items"]}, redact=["event_properties.Items.SKU"])
    for record in sync(shop, "events", config=config).records["events"]:
        skus = [item["SKU"] for item in [*record["items"], *record["event_properties"]["Items"]]]
        assert skus == [None] * 4


# Refused


@pytest.mark.parametrize(
    ("stream", "columns", "words"),
    [
        (
            "events",
            {"a": {"property": "x[*]", "type": "string"}},
            "columns.a: property: 'x[*]' cannot be read",
        ),
        ("events", {"VALUE": {"property": "x", "type": "string"}}, "the column 'VALUE' exists already; choose another"),
        ("events", {"account_id": {"property": "x", "type": "string"}}, "the column 'account_id' exists already"),
        ("events", {"a": {"property": "x", "type": "timestam"}}, "property_columns.a has the unknown type 'timestam'"),
        ("events", {"a": {"property": "x"}}, "property_columns.a: missing field 'type': the type of the column"),
        ("events", {"a": {"type": "int"}}, "property_columns.a: missing field 'property': where the value is"),
        ("events", {"a": {"property": "x", "typ": "int"}}, "property_columns.a: unknown field 'typ'; did you mean"),
        ("events", {"a b": {"property": "x", "type": "int"}}, "property_columns: 'a b' cannot name a column"),
        ("events", {"a": "x"}, "property_columns.a: must be an object"),
        ("events", ["x"], "stream_options 'events': property_columns must be an object"),
        ("lists", {"a": {"property": "x", "type": "int"}}, "property_columns cannot be set for this stream"),
        ("event_attributions", {"a": {"property": "x", "type": "int"}}, "property_columns cannot be set for this"),
    ],
)
def test_what_cannot_be_is_refused(stream, columns, words):
    with pytest.raises(SettingsError) as error:
        TapKlaviyo(config=options(columns, stream))
    assert words in str(error.value)


def test_two_names_that_a_warehouse_does_not_tell_apart_are_refused():
    columns = {"a": {"property": "x", "type": "int"}, "A": {"property": "y", "type": "int"}}
    with pytest.raises(SettingsError, match="the column 'A' exists already"):
        TapKlaviyo(config=options(columns))
