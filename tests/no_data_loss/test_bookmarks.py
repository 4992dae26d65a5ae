"""How far the bookmark goes: never past the sync's start, never past what was written, never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Fault, Resource
from tap_klaviyo.sync.range import LAG
from tests.fuzz.scale import examples
from tests.no_data_loss.rig import NOON, Rig, as_instant, text

pytestmark = pytest.mark.usefixtures("one_or_many")


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def marks(rig):
    return {stream: entry["replication_key_value"] for stream, entry in rig.bookmarks.items()}


def mark(run, stream):
    return as_instant(run.states[-1][stream]["replication_key_value"])


@example(late=timedelta(days=7), pauses=[23, 2])
@given(
    late=st.timedeltas(timedelta(0), timedelta(days=7)), pauses=st.lists(st.integers(1, 100), min_size=1, max_size=6)
)
@examples(60)
def test_an_event_that_arrives_late_is_in_the_table_after_the_next_lookback(late, pauses):
    """Whenever it arrives: right after a lookback, and as late as the lookback allows, is the hardest."""
    rig = Rig()
    rig.put("event", "first", datetime=ago(minutes=5))
    rig.sync("events")
    rig.later(seconds=1)
    rig.put("event", "late", datetime=text(rig.now - late))
    passed = 0
    for hours in pauses:
        rig.later(hours=hours)
        passed += hours
        rig.put("event", f"since {passed}", datetime=text(rig.now - timedelta(minutes=5)))
        rig.sync("events")
    if passed >= 24:
        assert rig.column("events", "datetime") == rig.truth("event", "datetime")


def put_dated(rig, stream, name, at):
    """Put what is one row of a stream with this date."""
    attributes = {}
    if "suppressions" in stream:
        blocked = {"list_id": "above", "reason": "UNSUBSCRIBE", "timestamp": at}
        marketing = {"suppression": [blocked], "list_suppressions": [blocked]}
        attributes = {"subscriptions": {"email": {"marketing": marketing}}}
    rig.put("profile", name, email="", updated=ago(days=90), **attributes)
    if stream.endswith("_profiles"):
        rig.shop.join(stream.removesuffix("_profiles"), "above", name, at)
    log = Resource("object-ingestion-log", name, {"timestamp": at}, {"object-type": "above"})
    rig.shop.put("object-ingestion-log", log)


@pytest.mark.parametrize(
    "stream",
    [
        "list_profiles",
        "segment_profiles",
        "profile_suppressions",
        "profile_list_suppressions",
        "object_ingestion_logs",
    ],
)
def test_a_row_that_shows_days_after_its_date_is_in_the_table_after_the_next_lookback(stream):
    rig = Rig()
    for kind, key in (("list", "updated"), ("segment", "updated"), ("object-type", "updated_at")):
        rig.put(kind, "above", name="", title="", **{key: ago(days=90)})
    put_dated(rig, stream, "first", ago(minutes=5))
    rig.sync(stream, selected=True)
    rig.later(hours=1)
    put_dated(rig, stream, "late", ago(days=3))
    rig.later(hours=23)
    assert not rig.sync(stream, selected=True).failures
    assert {name for key in rig.rows(stream) for name in key} >= {"first", "late"}


def test_the_lookback_happens_once_a_day_and_is_remembered():
    rig = Rig()
    rig.put("event", "old", datetime=ago(days=6))
    rig.put("event", "new", datetime=ago(minutes=5))
    assert rig.sync("events").written("events") == {"old": 1, "new": 1}
    remembered = rig.bookmarks["events"]["lookback_at"]
    rig.later(hours=23)
    assert rig.sync("events").written("events") == {"new": 1}
    assert rig.bookmarks["events"]["lookback_at"] == remembered
    rig.later(hours=1)
    assert rig.sync("events").written("events") == {"old": 1, "new": 1}
    assert as_instant(rig.bookmarks["events"]["lookback_at"]) == rig.now - LAG
    rig.later(hours=1)
    assert rig.sync("events").written("events") == {"new": 1}


def test_a_run_that_begins_a_little_earlier_than_yesterdays_looks_back_too():
    rig = Rig()
    rig.put("event", "old", datetime=ago(days=6))
    rig.put("event", "new", datetime=ago(minutes=5))
    for _ in range(3):
        assert rig.sync("events").written("events") == {"old": 1, "new": 1}
        rig.later(hours=23, minutes=59, seconds=40)


def test_a_lookback_that_was_cut_short_is_made_up_for():
    rig = Rig()
    for number in range(30):
        rig.put("event", f"e{number:02}", datetime=ago(days=6, minutes=-number))
    options = {"stream_options": {"events": {"page_size": 5}}, "max_workers": 1, "retry": 0}
    before = rig.sync("events", **options).states[-1]
    rig.later(hours=25)
    rig.sandbox.faults.add(Fault("error", on=frozenset({3}), value=400))
    cut = rig.sync("events", **options)
    assert cut.failures == ["events"]
    assert 0 < len(cut.records("events")) < 30
    for name in ("replication_key_value", "lookback_at"):
        assert rig.bookmarks["events"][name] == before["events"][name]
    began = rig.now - LAG
    rig.later(hours=1)
    assert 0 < len(rig.sync("events", **options).records("events")) < 30
    assert rig.bookmarks["events"]["lookback_at"] == text(began)
    assert rig.bookmarks["events"]["lookback"] is None


def test_a_lookback_comes_to_its_end_however_often_it_is_cut_off():
    """Each run is cut off at its third request, as by a scheduler that gives it too little time."""
    rig = Rig()
    for number in range(60):
        rig.put("event", f"e{number:02}", datetime=ago(days=6, minutes=-number))
    options = {"stream_options": {"events": {"page_size": 5}}, "max_workers": 1, "retry": 0}
    rig.sync("events", **options)
    rig.later(hours=25)
    rig.put("event", "late", datetime=ago(days=6, minutes=-57.5))
    for _ in range(40):
        rig.sandbox.faults.clear()
        rig.sandbox.faults.add(Fault("error", on=frozenset({3}), value=400))
        rig.sync("events", **options)
        rig.later(minutes=5)
        if ("late",) in rig.rows("events"):
            break
    assert ("late",) in rig.rows("events")


def test_without_a_lookback_none_is_remembered():
    rig = Rig()
    rig.put("event", "old", datetime=ago(days=6))
    rig.put("event", "new", datetime=ago(minutes=5))
    rig.sync("events")
    rig.later(days=400)
    assert rig.sync("events", lookback_days=0).written("events") == {"new": 1}
    assert rig.bookmarks["events"]["lookback_at"] is None
    assert rig.sync("events").written("events") == {"old": 1, "new": 1}


def test_events_of_the_future_are_written_and_do_not_move_the_bookmark():
    rig = Rig()
    rig.put("event", "now", datetime=ago(seconds=30))
    rig.put("event", "tomorrow", datetime=ago(days=-1))
    rig.put("event", "far", datetime=ago(days=-700))
    for _ in range(3):
        run = rig.sync("events")
        assert run.written("events") == {"now": 1, "tomorrow": 1, "far": 1}
        assert mark(run, "events") == NOON - timedelta(seconds=30)
        rig.later(seconds=5)
    rig.put("event", "then", datetime=text(rig.now - timedelta(seconds=1)))
    rig.later(hours=2)
    assert "then" in rig.sync("events").written("events")


@pytest.mark.parametrize("stream", ["events", "profiles", "campaigns", "lists", "list_profiles", "reviews", "flows"])
def test_a_bookmark_of_the_future_is_brought_back_with_a_warning(stream, caplog):
    rig = Rig()
    key = {"events": "datetime", "campaigns": "updated_at", "list_profiles": "joined_group_at"}.get(stream, "updated")
    state = {"bookmarks": {stream: {"replication_key": key, "replication_key_value": ago(days=-300)}}}
    run = rig.sync("lists", stream, state=state)
    assert not run.failures
    assert rig.sandbox.refused == 0
    assert mark(run, stream) == rig.now - LAG
    assert [record for record in caplog.messages if record.startswith(f"{stream}: the bookmark in the state was in")]


@pytest.mark.parametrize("seconds", [0, 1, 9, 10, 11, 12])
def test_two_syncs_within_seconds(seconds):
    """No range is narrower than a second, and none has its bounds the wrong way round."""
    rig = Rig(now=datetime(2026, 12, 31, 23, 59, 55, 400_000, tzinfo=UTC))
    streams = ("events", "profiles", "campaigns", "flows", "lists", "list_profiles", "templates", "reviews")
    rig.put("list", "L1", name="list", updated=text(rig.now - timedelta(seconds=20)))
    for moment in (5, 10, 15, 20):
        when = text(rig.now - timedelta(seconds=moment))
        rig.put("event", f"e{moment}", datetime=when)
        rig.put("profile", f"p{moment}", email="", updated=when)
        rig.put("flow", f"f{moment}", name="", archived=False, updated=when)
        rig.shop.join("list", "L1", f"p{moment}", when)
    for _ in range(3):
        assert not rig.sync(*streams).failures
        assert rig.sandbox.refused == 0
        rig.later(seconds=seconds)
    rig.later(seconds=30)
    rig.sync(*streams)
    for stream, kind, key in (("events", "event", "datetime"), ("profiles", "profile", "updated")):
        assert rig.column(stream, key) == rig.truth(kind, key)
    assert len(rig.rows("list_profiles")) == 4


NEW_YORK = ZoneInfo("America/New_York")
EDGES = [
    datetime(2026, 3, 8, 1, 59, 59, 999_999, NEW_YORK),  # an hour that is not there
    datetime(2026, 3, 8, 3, 0, 0, 0, NEW_YORK),
    datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK),  # an hour that is there twice
    datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1),
    datetime(2026, 12, 31, 23, 59, 59, 999_999, UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
]


def edges():
    """Each edge in each zone; by default each edge in one of them."""
    zones = ["UTC", "America/New_York", "Asia/Kolkata"]
    for (number, edge), (turn, zone) in product(enumerate(EDGES), enumerate(zones)):
        yield pytest.param(
            edge, zone, marks=[] if number % len(zones) == turn else pytest.mark.long, id=f"{edge}-{zone}"
        )


@pytest.mark.parametrize(("edge", "zone"), [*edges()])
def test_edges_of_the_clock(edge, zone, monkeypatch):
    """Instants are compared, never texts, and never in the time zone of the machine."""
    import time  # noqa: PLC0415

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    rig = Rig(now=edge.astimezone(UTC) + timedelta(seconds=1))
    spellings = (edge.isoformat(), edge.astimezone(UTC).isoformat().replace("T", " "), f"{edge.astimezone(UTC):%FT%TZ}")
    for number, spelling in enumerate(spellings):
        rig.put("event", f"e{number}", datetime=spelling)
        rig.put("profile", f"p{number}", email="", updated=spelling)
    for seconds in (0, 1, 9, 1, 3600):
        rig.later(seconds=seconds)
        assert not rig.sync("events", "profiles").failures
        assert rig.sandbox.refused == 0
    for stream, kind, key in (("events", "event", "datetime"), ("profiles", "profile", "updated")):
        assert rig.column(stream, key) == rig.truth(kind, key)
        assert as_instant(rig.bookmarks[stream]["replication_key_value"]) == edge.astimezone(UTC)
    monkeypatch.undo()
    time.tzset()


def test_rows_without_a_date_come_with_every_sweep():
    rig = Rig()
    for kind in ("template", "template-universal-content"):
        rig.put(kind, "dated", name="", updated=ago(days=1))
        rig.put(kind, "undated", name="", updated=None)
    streams = ("templates", "universal_content")
    for stream in streams:
        assert rig.sync(*streams, state=None).written(stream) == {"dated": 1, "undated": 1}
    rig.put("template", "undated too", name="", updated=None)
    rig.later(hours=24)
    assert rig.sync(*streams).written("templates") == {"dated": 1, "undated": 1, "undated too": 1}


@pytest.mark.parametrize(
    ("stream", "kind", "key"),
    [
        ("profiles", "profile", "updated"),
        ("lists", "list", "updated"),
        ("flows", "flow", "updated"),
        ("campaigns", "campaign", "updated_at"),
        ("forms", "form", "updated_at"),
        ("reviews", "review", "updated"),
    ],
)
def test_a_first_sync_brings_rows_without_a_date(stream, kind, key):
    rig = Rig()
    more = {"channel": "sms"} if kind == "campaign" else {}
    for number in range(50):
        when = None if number < 30 else ago(days=1)
        rig.put(kind, f"a{number}", **{key: when}, archived=False, status={"value": "published"}, **more)
    assert len(rig.sync(stream).written(stream)) == 50


def test_dimensions_are_whole_whatever_the_start_date():
    rig = Rig()
    rig.put("list", "old", name="", updated=ago(days=900))
    rig.put("campaign", "old", channel="email", name="", archived=False, updated_at=ago(days=900))
    rig.put("event", "old", datetime=ago(days=900))
    rig.sync("lists", "campaigns", "events", start_date=ago(days=30))
    assert (len(rig.rows("lists")), len(rig.rows("campaigns")), len(rig.rows("events"))) == (1, 1, 0)


def test_a_backfill_stops_at_the_end_date_and_goes_on_from_there():
    rig = Rig()
    for number in range(100):
        rig.put("event", f"e{number:02}", datetime=ago(days=100 - number))
        rig.put("review", f"r{number:02}", updated=ago(days=100 - number), status={"value": "published"})
    options = {"start_date": ago(days=90), "end_date": ago(days=50)}
    run = rig.sync("events", "reviews", **options)
    assert set(run.written("events")) == {f"e{number}" for number in range(10, 50)}
    assert set(run.written("reviews")) == {f"r{number}" for number in range(10, 50)}
    assert mark(run, "events") == mark(run, "reviews") == NOON - timedelta(days=51)
    rig.sync("events", "reviews", start_date=ago(days=90))
    assert set(rig.rows("events")) == {(f"e{number}",) for number in range(10, 100)}
    assert set(rig.rows("reviews")) == {(f"r{number}",) for number in range(10, 100)}


def test_reading_a_range_again_leaves_the_bookmark():
    rig = Rig()
    rig.put("event", "new", datetime=ago(hours=1))
    before = rig.sync("events").states[-1]
    rig.put("event", "imported", datetime=ago(days=700))
    rig.later(hours=1)
    again = rig.sync("events", start_date=ago(days=800), end_date=ago(days=600))
    assert again.written("events") == {"imported": 1}
    assert again.states[-1] == before
    assert set(rig.rows("events")) == {("new",), ("imported",)}


def test_a_full_table_run_leaves_the_bookmark():
    rig = Rig()
    rig.put("profile", "p1", email="", updated=ago(days=3))
    rig.put("list", "L1", name="", updated=ago(days=3))
    rig.shop.join("list", "L1", "p1", ago(days=2))
    streams = ("profiles", "lists", "list_profiles")
    rig.sync(*streams)
    before = marks(rig)
    rig.later(days=2)
    rig.shop.leave("list", "L1", "p1")
    rig.shop.update("profile", "p1", updated=text(rig.now))
    rig.later(days=2)
    full = rig.sync(*streams, method="FULL_TABLE")
    assert not full.failures
    assert marks(rig) == before
    assert rig.rows("list_profiles") == {}
    assert rig.column("profiles", "updated") == rig.truth("profile", "updated")


def test_a_full_table_run_with_an_end_date_drops_nothing():
    rig = Rig()
    rig.put("profile", "old", email="", updated=ago(days=30))
    rig.put("profile", "new", email="", updated=ago(days=1))
    rig.sync("profiles")
    rig.sync("profiles", method="FULL_TABLE", end_date=ago(days=10))
    assert set(rig.rows("profiles")) == {("old",), ("new",)}


@pytest.mark.parametrize("stream", ["profiles", "events", "list_profiles", "templates"])
def test_a_start_in_the_future_asks_for_nothing_that_klaviyo_refuses(stream):
    rig = Rig()
    rig.put("profile", "p", email="", created=ago(days=2), updated=ago(days=1))
    rig.put("event", "e", datetime=ago(days=1))
    run = rig.sync(stream, start_date=text(NOON + timedelta(days=400)))
    assert not run.failures
    assert run.records(stream) == []
