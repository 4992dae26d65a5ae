"""Events of chosen metrics: a metric that is new has its past read, whatever the bookmark says of the others."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tap_klaviyo.sandbox import Fault, Resource
from tests.no_data_loss.rig import NOON, Rig, text

A, B, C = "AAA111", "BBB222", "CCC333"
NEW = "metrics that the last run did not read"


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def metric(rig: Rig, metric_id: str, name: str, integration: str = "Shopify") -> None:
    rig.put("metric", metric_id, name=name, created=ago(days=90), integration={"name": integration})


def event(rig: Rig, event_id: str, metric_id: str, when: datetime) -> None:
    links: dict[str, str | list[str] | None] = {"metric": metric_id}
    rig.shop.put("event", Resource("event", event_id, {"datetime": text(when)}, links))


def stocked() -> Rig:
    """Three metrics, each with events over a year."""
    rig = Rig()
    rig.table.merges = True
    for metric_id, name in ((A, "Placed Order"), (B, "Opened Email"), (C, "Active on Site")):
        metric(rig, metric_id, name)
        for number in range(12):
            event(rig, f"{metric_id}-{number:02}", metric_id, NOON - timedelta(days=30 * number + 1))
    return rig


def chosen(**options: object) -> dict[str, object]:
    return {"lookback_days": 0, "stream_options": {"events": {"page_size": 5, **options}}}


def of(run, *metrics: str) -> dict[str, int]:
    """How many events of each metric a run wrote."""
    return {one: sum(key.startswith(one) for key in run.written("events").elements()) for one in metrics}


def said(caplog) -> list[str]:
    return [line for line in caplog.messages if NEW in line]


@pytest.mark.usefixtures("one_or_many")
def test_a_metric_that_is_added_has_its_past_read_and_the_others_go_on(caplog):
    rig = stocked()
    assert of(rig.sync("events", **chosen(metrics=["Placed Order"])), A, B, C) == {A: 12, B: 0, C: 0}
    rig.later(hours=1)
    event(rig, f"{A}-new", A, rig.now - timedelta(minutes=10))
    run = rig.sync("events", **chosen(metrics=["Placed Order", B]))
    assert of(run, A, B, C) == {A: 2, B: 12, C: 0}
    assert said(caplog) == [f"events: {NEW} ({B}): reading their events from the beginning"]
    rig.later(hours=1)
    assert of(rig.sync("events", **chosen(metrics=[A, "opened email"])), A, B, C) == {A: 1, B: 0, C: 0}
    assert len(said(caplog)) == 1, "an id in place of its name is the same metric"


def test_a_metric_that_is_taken_out_changes_nothing_until_it_comes_back(caplog):
    rig = stocked()
    rig.sync("events", **chosen(metrics=[A, B]))
    rig.later(hours=1)
    event(rig, f"{B}-missed", B, rig.now - timedelta(minutes=30))
    rig.sync("events", **chosen(metrics=[A]))
    rig.later(hours=1)
    event(rig, f"{A}-new", A, rig.now - timedelta(minutes=30))
    rig.sync("events", **chosen(metrics=[A]))
    assert said(caplog) == []
    rig.later(hours=1)
    rig.sync("events", **chosen(metrics=[A, B]))
    assert rig.column("events", "datetime").keys() == {
        one.id for one in rig.shop.resources("event") if one.id.startswith((A, B))
    }
    assert len(said(caplog)) == 1


def test_a_metric_that_appears_while_others_are_excluded_brings_its_past(caplog):
    """An integration that is connected sends the orders of years, dated when they were placed."""
    rig = stocked()
    rig.sync("events", **chosen(exclude_metrics=["Active on Site"]))
    rig.later(days=1)
    metric(rig, "DDD444", "Placed Order", "WooCommerce")
    for days in (2, 100, 300):
        event(rig, f"DDD444-{days}", "DDD444", NOON - timedelta(days=days))
    run = rig.sync("events", **chosen(exclude_metrics=["Active on Site"]))
    assert of(run, "DDD444", C) == {"DDD444": 3, C: 0}
    assert len(said(caplog)) == 1
    rig.later(hours=1)
    assert of(rig.sync("events", **chosen(exclude_metrics=["Active on Site"])), "DDD444", C) == {"DDD444": 0, C: 0}


@pytest.mark.parametrize("at", range(1, 12))
def test_a_past_that_is_cut_off_is_read_again(at):
    rig = stocked()
    rig.sync("events", **chosen(metrics=[A]))
    rig.later(hours=1)
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=400, path="/api/events"))
    rig.sync("events", retry=0, max_workers=1, **chosen(metrics=[A, B, C]))
    rig.sandbox.reset()
    rig.later(hours=1)
    assert not rig.sync("events", **chosen(metrics=[A, B, C])).failures
    assert rig.column("events", "datetime") == rig.truth("event", "datetime")


def test_all_metrics_after_some_are_another_question(caplog):
    rig = stocked()
    rig.sync("events", **chosen(metrics=[A]))
    rig.later(hours=1)
    assert of(rig.sync("events", **chosen()), A, B, C) == {A: 12, B: 12, C: 12}
    assert any("another question than in the last run (changed: metrics)" in line for line in caplog.messages)
    assert rig.bookmarks["events"]["metrics"] is None
    rig.later(hours=1)
    assert sum(of(rig.sync("events", **chosen(metrics=[A])), A, B, C).values()) <= 1, "what is left out is not new"


@pytest.mark.usefixtures("one_or_many")
def test_more_filters_than_one_let_the_bookmark_follow_stretch_by_stretch(monkeypatch):
    monkeypatch.setattr("tap_klaviyo.streams.metric_segments.MOST", 2)
    rig = stocked()
    event(rig, f"{A}-ahead", A, NOON + timedelta(days=2))
    event(rig, f"{B}-long-ago", B, NOON - timedelta(days=9000))
    run = rig.sync("events", **chosen(metrics=[A, B, C]))
    assert rig.column("events", "datetime") == rig.truth("event", "datetime")
    assert set(run.written("events").values()) == {1}
    assert rig.bookmarks["events"]["replication_key_value"] == ago(days=1)


def test_more_filters_than_one_keep_to_the_dates(monkeypatch):
    monkeypatch.setattr("tap_klaviyo.streams.metric_segments.MOST", 2)
    rig = stocked()
    assert not rig.sync("events", end_date=ago(days=100), **chosen(metrics=[A, B, C])).failures
    wanted = {one.id for one in rig.shop.resources("event") if one.attributes["datetime"] < ago(days=100)}
    assert {key for (key,) in rig.rows("events")} == wanted != set()


def test_more_filters_than_one_ask_nothing_of_a_time_that_has_not_come(monkeypatch):
    monkeypatch.setattr("tap_klaviyo.streams.metric_segments.MOST", 2)
    rig = stocked()
    start = text(NOON + timedelta(days=1))
    assert not rig.sync("events", start_date=start, **chosen(metrics=[A, B, C])).records("events")
    assert rig.sandbox.refused == 0


def test_a_refusal_that_is_not_about_metrics_fails_the_stream():
    rig = stocked()
    rig.sandbox.faults.add(Fault("error", rate=1, value=400, path="/api/events"))
    assert rig.sync("events", **chosen(metrics=[A, B, C])).failures == ["events"]
    asked = [one for one in rig.sandbox.requests if one.path == "/api/events"]
    assert len(asked) == 2, "all three together, and then the first alone: no other would fare better"


@pytest.mark.parametrize("at", [84, 86, 90])
def test_what_several_filters_read_goes_on_from_the_last_stretch(monkeypatch, at):
    monkeypatch.setattr("tap_klaviyo.streams.metric_segments.MOST", 2)
    rig = stocked()
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=400, path="/api/events"))
    assert rig.sync("events", retry=0, max_workers=1, **chosen(metrics=[A, B, C])).failures == ["events"]
    before = rig.bookmarks["events"]["replication_key_value"]
    assert before < ago(days=1)
    rig.sandbox.reset()
    rig.later(hours=1)
    run = rig.sync("events", **chosen(metrics=[A, B, C]))
    assert min(record["datetime"] for record in run.records("events")) >= before
    assert rig.column("events", "datetime") == rig.truth("event", "datetime")


@pytest.mark.parametrize("at", range(4, 14))
def test_the_bookmark_does_not_pass_what_another_filter_has_yet_to_read(monkeypatch, at):
    monkeypatch.setattr("tap_klaviyo.streams.metric_segments.MOST", 2)
    rig = stocked()
    for number in range(16):
        event(rig, f"{(A, B, C)[number % 3]}-dense-{number}", (A, B, C)[number % 3], NOON - timedelta(days=99 - number))
    options = {"start_date": ago(days=100), **chosen(metrics=[A, B, C])}
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=400, path="/api/events"))
    rig.sync("events", retry=0, max_workers=1, **options)
    rig.sandbox.reset()
    rig.later(hours=1)
    assert not rig.sync("events", **options).failures
    wanted = {one.id for one in rig.shop.resources("event") if one.attributes["datetime"] >= ago(days=100)}
    assert {key for (key,) in rig.rows("events")} == wanted


def test_a_name_survives_a_renaming(caplog):
    rig = stocked()
    rig.sync("events", **chosen(metrics=["Placed Order", "Opened Email"]))
    rig.later(hours=1)
    rig.change("metric", A, name="Order Placed")
    event(rig, f"{A}-new", A, rig.now - timedelta(minutes=10))
    run = rig.sync("events", **chosen(metrics=["Placed Order", "Opened Email"]))
    assert f"{A}-new" in run.written("events")
    assert run.failures == []
    assert said(caplog) == []
    [line] = [line for line in caplog.messages if "by now and still meant" in line]
    assert line.startswith("events: the metric 'Placed Order' is named 'Order Placed'")
    assert A in line


def test_a_metric_that_is_gone_leaves_the_others(caplog):
    rig = stocked()
    rig.sync("events", **chosen(metrics=["Placed Order", B]))
    rig.later(hours=1)
    rig.shop.delete("metric", A)
    event(rig, f"{B}-new", B, rig.now - timedelta(minutes=10))
    run = rig.sync("events", **chosen(metrics=["Placed Order", B]))
    assert run.failures == []
    assert f"{B}-new" in run.written("events")
    assert [line for line in caplog.messages if "no longer lists" in line]
    assert rig.sync("events", **chosen(metrics=["Placed Order"])).failures == ["events"]


def test_of_two_metrics_of_one_name_the_integration_tells(caplog):
    rig = stocked()
    metric(rig, "DDD444", "Placed Order", "WooCommerce")
    event(rig, "DDD444-1", "DDD444", NOON - timedelta(days=3))
    assert of(rig.sync("events", **chosen(metrics=["Placed Order (WooCommerce)"])), A, "DDD444") == {A: 0, "DDD444": 1}
    rig.later(hours=1)
    assert of(rig.sync("events", **chosen(metrics=["Placed Order"])), A) == {A: 12}
    assert len(said(caplog)) == 1


def test_what_is_written_again_by_dates_leaves_the_metrics_as_they_are(caplog):
    rig = stocked()
    rig.sync("events", **chosen(metrics=[A]))
    rig.later(hours=1)
    again = {"start_date": ago(days=100), "end_date": ago(days=20)}
    assert of(rig.sync("events", **again, **chosen(metrics=[A, B])), A, B) == {A: 3, B: 3}
    assert said(caplog) == []
    rig.later(hours=1)
    assert of(rig.sync("events", **chosen(metrics=[A, B])), B) == {B: 12}
    assert len(said(caplog)) == 1


@pytest.mark.parametrize("change", [{"meant": {"a": "b"}}, {"read": [1]}, {"meant": []}, [{}, {}], "x"])
def test_a_state_whose_metrics_cannot_be_read_is_refused(change):
    rig = stocked()
    rig.sync("events", **chosen(metrics=[A]))
    state = json.loads(json.dumps(rig.table.state))
    place = state["bookmarks"]["events"]["metrics"]
    state["bookmarks"]["events"]["metrics"] = [{**place[0], **change}] if isinstance(change, dict) else change
    if change == {"meant": []}:
        rig.sync("events", state=state, **chosen(metrics=[A]))  # empty is nothing
        return
    with pytest.raises(ValueError, match="'metrics' of 'events' in the state"):
        rig.sync("events", state=state, **chosen(metrics=[A]))
