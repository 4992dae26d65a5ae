"""Events of one metric: by id or by name, filtered by the server, incremental."""

from __future__ import annotations

from datetime import timedelta

import jsonschema
import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.streams.custom.events import event_streams
from tests.streams.custom.conftest import KEY, refusal, sync


def shop_events(server, *names):
    """Return the ids of the shop's events of the metrics of a name, by metric."""
    shop = server.sandbox.shop
    metrics = [one for one in shop.resources("metric") if one.attributes["name"] in names]
    events = list(shop.resources("event"))
    return {
        metric.id: {event.id for event in events if shop.related(event, "metric") == [metric.id]} for metric in metrics
    }


def names(server):
    """Return the names of metrics that have events, and of how many metrics each is."""
    found: dict[str, list[str]] = {}
    for metric in server.sandbox.shop.resources("metric"):
        found.setdefault(metric.attributes["name"], []).append(metric.id)
    return found


def unique_metric(server):
    for name, ids in sorted(names(server).items()):
        by_metric = shop_events(server, name)
        if len(ids) == 1 and len(by_metric[ids[0]]) > 5:
            return name, ids[0]
    raise AssertionError


def test_a_name_and_an_id_bring_the_same_events(server):
    name, metric = unique_metric(server)
    entries = [{"name": "by_name", "metric": name}, {"name": "by_id", "metric": metric}]
    run = sync({**server.config, "event_streams": entries})
    wanted = shop_events(server, name)[metric]
    for stream in ("by_name", "by_id"):
        assert {record["id"] for record in run.records(stream)} == wanted
        assert {record["metric_id"] for record in run.records(stream)} == {metric}
    assert run.tap.failures == []
    asked = server.asked("/api/events")
    assert asked
    assert all(f"equals(metric_id,'{metric}')" in one.query["filter"] for one in asked)


def test_a_name_of_several_metrics_reads_them_all(server):
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    wanted = shop_events(server, shared)
    run = sync({**server.config, "event_streams": [{"name": "several", "metric": shared}]})
    records = run.records("several")
    assert {record["id"] for record in records} == set().union(*wanted.values())
    assert {record["metric_id"] for record in records} == {metric for metric, ids in wanted.items() if ids}
    newest = max(parse_instant(record["datetime"]) for record in records)
    assert parse_instant(run.bookmark("several")["replication_key_value"]) == newest


def test_several_metrics_that_klaviyo_does_not_take_together_are_read_beside_each_other(server):
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    wanted = shop_events(server, shared)
    server.sandbox.interfere = lambda asked: refusal("No.") if "metric_id,[" in asked.query.get("filter", "") else None
    run = sync({**server.config, "event_streams": [{"name": "several", "metric": shared}]})
    assert run.tap.failures == []
    records = run.records("several")
    assert sorted(record["id"] for record in records) == sorted(set().union(*wanted.values()))
    newest = max(parse_instant(record["datetime"]) for record in records)
    assert parse_instant(run.bookmark("several")["replication_key_value"]) == newest


def test_the_bookmark_waits_for_the_last_of_several_filters(server):
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    last = max(metric for metric, ids in shop_events(server, shared).items() if ids)

    def refuse(asked):
        filters = asked.query.get("filter", "")
        failing = f"metric_id,'{last}'" in filters and asked.query.get("page[size]") != "1"
        return refusal("No.") if "metric_id,[" in filters or failing else None

    server.sandbox.interfere = refuse
    run = sync({**server.config, "event_streams": [{"name": "several", "metric": shared}]})
    assert run.tap.failures == ["several"]
    assert "replication_key_value" not in run.bookmark("several")


def test_a_second_run_reads_on_from_the_bookmark(server):
    name, _metric = unique_metric(server)
    config = {**server.config, "event_streams": [{"name": "mine", "metric": name}], "lookback_days": 0}
    first = sync(config)
    before = len(server.asked("/api/events"))
    second = sync(config, state=first.state)
    bookmark = parse_instant(first.bookmark("mine")["replication_key_value"])
    assert [parse_instant(one["datetime"]) for one in second.records("mine")] == [bookmark]
    assert all("greater-or-equal(datetime," in one.query["filter"] for one in server.asked("/api/events")[before:])
    assert second.bookmark("mine")["replication_key_value"] == first.bookmark("mine")["replication_key_value"]


def test_the_lookback_applies(server):
    name, _metric = unique_metric(server)
    config = {**server.config, "event_streams": [{"name": "mine", "metric": name}], "lookback_days": 400}
    first = sync(config)
    state = first.state
    del state["bookmarks"]["mine"]["lookback_at"]
    second = sync(config, state=state)
    bookmark = parse_instant(first.bookmark("mine")["replication_key_value"])
    wanted = [
        one["id"] for one in first.records("mine") if parse_instant(one["datetime"]) >= bookmark - timedelta(days=400)
    ]
    assert [one["id"] for one in second.records("mine")] == wanted
    assert len(wanted) > 1
    assert second.bookmark("mine")["replication_key_value"] == first.bookmark("mine")["replication_key_value"]


def test_start_date_bounds_it(server):
    name, _metric = unique_metric(server)
    entries = [{"name": "mine", "metric": name}]
    everything = sync({**server.config, "event_streams": entries}).records("mine")
    middle = everything[len(everything) // 2]["datetime"]
    run = sync({**server.config, "event_streams": entries, "start_date": middle})
    wanted = [
        one["id"]
        for one in everything
        if parse_instant(one["datetime"]) >= parse_instant(middle).replace(microsecond=0)
    ]
    assert [one["id"] for one in run.records("mine")] == wanted


def skips(caplog):
    return [one.getMessage() for one in caplog.records if "skipped metric" in one.getMessage()]


def test_a_stream_whose_only_metric_klaviyo_refuses_fails(server, caplog):
    """Nothing could be asked, which is not the same as no events."""
    metric = next(one for one in server.sandbox.shop.resources("metric") if one.hidden.get("without_events"))
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": metric.attributes["name"]}]})
    assert run.tap.failures == ["mine"]
    assert run.records("mine") == []
    assert skips(caplog) == []
    [line] = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert line.startswith("mine: ")
    assert metric.id in line


def test_of_several_metrics_the_others_are_read(server, caplog):
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    refused, *others = sorted(shop_events(server, shared).items())
    detail = f"Metric IDs ['{refused[0]}'] do not exist."
    server.sandbox.interfere = lambda asked: refusal(detail) if refused[0] in asked.query.get("filter", "") else None
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": shared}]})
    assert run.tap.failures == []
    assert {record["id"] for record in run.records("mine")} == set().union(*(ids for _, ids in others))
    assert len(skips(caplog)) == 1


def test_several_metrics_that_klaviyo_all_refuses_fail_the_stream(server, caplog):
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    detail = f"Metric IDs {sorted(shop_events(server, shared))} do not exist."
    server.sandbox.interfere = lambda asked: refusal(detail) if asked.path == "/api/events" else None
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": shared}]})
    assert run.tap.failures == ["mine"]
    assert detail in caplog.text
    assert len(server.asked("/api/events")) == 1


def test_a_full_read_without_a_metric_drops_nothing(server):
    """Events of a metric that Klaviyo refuses today may be in the table."""
    shared = next(name for name, ids in sorted(names(server).items()) if len(ids) > 1)
    refused = min(shop_events(server, shared))
    config = {**server.config, "event_streams": [{"name": "mine", "metric": shared}]}
    catalog = sync(config).tap.catalog_dict
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] == "mine":
            stream["replication_method"] = "FULL_TABLE"

    def activated():
        run = sync(config, catalog=catalog)
        assert run.tap.failures == []
        return [one["type"] for one in run.messages].count("ACTIVATE_VERSION")

    assert activated() == 1
    detail = f"Metric IDs ['{refused}'] do not exist."
    server.sandbox.interfere = lambda asked: refusal(detail) if refused in asked.query.get("filter", "") else None
    assert activated() == 0


def test_an_unknown_metric_fails_its_stream_alone(server, caplog):
    entries = [{"name": "wrong", "metric": "Placed Ordr"}, {"name": "right", "metric": "Placed Order"}]
    run = sync({**server.config, "event_streams": entries})
    assert run.tap.failures == ["wrong"]
    assert run.records("right")
    [line] = [
        one.getMessage()
        for one in caplog.records
        if "wrong" in one.getMessage() and "unknown metric" in one.getMessage()
    ]
    assert "did you mean 'Placed Order'?" in line
    assert "event_streams[0] 'wrong'" in line


def test_an_id_needs_no_right_to_list_the_metrics(server):
    _name, metric = unique_metric(server)
    server.sandbox.access = Access(require_key=True, scopes={KEY: {"events:read"}})
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": metric}]})
    assert run.tap.failures == []
    assert run.records("mine")


def test_a_name_needs_the_right_to_list_the_metrics(server, caplog):
    server.sandbox.access = Access(require_key=True, scopes={KEY: {"events:read"}})
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": "Placed Order"}]})
    assert run.records("mine") == []
    assert "mine: skipped" in caplog.text
    assert "metrics:read" in caplog.text


def test_its_metric_is_what_the_entry_says(server):
    options = {"mine": {"metrics": ["Placed Order"]}}
    entry = {"name": "mine", "metric": "Placed Order"}
    with pytest.raises(SettingsError, match=r"metrics cannot be set, since metric of .*mine.* is"):
        sync({**server.config, "event_streams": [entry], "stream_options": options})


def test_an_event_without_properties_has_none(server):
    name, metric = unique_metric(server)
    bare, *others = sorted(shop_events(server, name)[metric])
    server.sandbox.shop.update("event", bare, event_properties=None)
    schema = {"fields": {"$value": "double"}}
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": metric, "schema": schema}]})
    found = {record["id"]: record["event_properties"] for record in run.records("mine")}
    assert found.pop(bare) is None
    assert {*found} == {*others}
    assert {*map(tuple, found.values())} == {("$value",)}


def test_event_properties_are_typed(server):
    schema = {"fields": {"OrderId": "bigint", "$value": "decimal(12,2)", "Items": [{"SKU": "string"}]}}
    run = sync({**server.config, "event_streams": [{"name": "mine", "metric": "Placed Order", "schema": schema}]})
    records = run.records("mine")
    validator = jsonschema.Draft202012Validator(run.schema("mine"))
    assert all(validator.is_valid(record) for record in records)
    properties = [record["event_properties"] for record in records]
    assert all(list(one) == ["OrderId", "$value", "Items"] for one in properties)
    assert any(isinstance(one["OrderId"], int) for one in properties)
    assert all(set(item) == {"SKU"} for one in properties for item in one["Items"] or ())
    # What everyone joins by comes from the properties as Klaviyo sent them.
    assert any(record["value"] is not None for record in records)


def test_a_property_that_does_not_fit_is_null_or_fails(server, caplog):
    entry = {"name": "mine", "metric": "Placed Order", "schema": {"fields": {"ShippingAddress": "boolean"}}}
    run = sync({**server.config, "event_streams": [entry]})
    assert run.tap.failures == []
    assert {record["event_properties"]["ShippingAddress"] for record in run.records("mine")} == {None}
    assert "event_properties.ShippingAddress" in caplog.text
    failing = sync({**server.config, "event_streams": [{**entry, "on_cast_error": "fail"}]})
    assert failing.tap.failures == ["mine"]
    assert "field 'event_properties.ShippingAddress' of 'mine' contains" in caplog.text


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({}, "missing field 'metric': the id or the name of a metric"),
        ({"metric": 7}, "metric must be a string"),
        ({"metric": " "}, "metric must not be empty"),
        ({"metric": "X", "filter": "a"}, "unknown field 'filter'; allowed: metric, name, on_cast_error, schema"),
        ({"metric": "X", "schema": {"fields": {"a": "x"}}}, "schema.fields.a has the unknown type 'x'"),
        ({"metric": "X", "on_cast_error": "fail"}, "on_cast_error needs a schema"),
        ({"metric": "X", "name": "EVENTS"}, "the name is already taken by another stream"),
    ],
)
def test_an_entry_is_refused_by_name(entry, problem):
    members = {"name": "mine", **entry}
    with pytest.raises(SettingsError) as refused:
        event_streams([members], {"events"})
    assert str(refused.value).startswith(f"event_streams[0] '{members['name']}': ")
    assert problem in str(refused.value)
