"""States on their way in: our own, other taps', and broken ones."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Shop
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.sync.saved import BrokenStateError
from tap_klaviyo.sync.state import loaded
from tests.no_data_loss.rig import NOON, Rig, text
from tests.reliability.cli import Machine

KNOWN = {"campaigns": "updated_at", "events": "datetime", "list_profiles": "joined_group_at", "metrics": None}


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def state(**bookmarks):
    return {"bookmarks": bookmarks}


@pytest.mark.parametrize(
    ("stream", "kind", "key", "theirs"),
    [
        ("events", "event", "datetime", "datetime"),
        ("events", "event", "datetime", "timestamp"),
        ("profiles", "profile", "updated", "updated"),
        ("campaigns", "campaign", "updated_at", "updated_at"),
        ("forms", "form", "updated_at", "updated"),
    ],
)
def test_another_taps_bookmark_resumes(stream, kind, key, theirs):
    rig = Rig()
    more = {"channel": "email"} if kind == "campaign" else {}
    for days in (1, 20, 40):
        rig.put(kind, f"a{days}", **{key: ago(days=days)}, archived=False, **more)
    entry = {
        "replication_key": theirs,
        "replication_key_value": ago(days=20).replace("T", " "),
        "starting_replication_value": ago(days=40),
        "replication_key_signpost": ago(days=1),
        "progress_markers": {"replication_key": theirs, "replication_key_value": ago(days=1)},
    }
    run = rig.sync(stream, state=state(**{stream: entry}), lookback_days=0)
    # Where a sweep is due, it brings what the other tap may have left out.
    swept = {"a40": 1} if stream == "campaigns" else {}
    assert run.written(stream) == {"a1": 1, "a20": 1, **swept}
    assert rig.bookmarks[stream]["replication_key"] == key
    assert rig.bookmarks[stream]["replication_key_value"] == ago(days=1)


def test_another_taps_partitions_are_read_as_the_oldest():
    parts = [{"context": {"filter": "x"}, "replication_key_value": ago(days=days)} for days in (3, 30, 9)]
    found = loaded(state(campaigns={"partitions": parts}), KNOWN)["bookmarks"]["campaigns"]
    # Empty and not absent: a state that is merged into the last one keeps what is absent.
    assert found == {"replication_key": "updated_at", "replication_key_value": ago(days=30), "partitions": []}
    assert loaded(state(campaigns=found), KNOWN)["bookmarks"]["campaigns"] == found


def test_a_partition_without_a_bookmark_reads_from_the_beginning_and_says_so(caplog):
    parts = [{"context": {}, "replication_key_value": ago(days=3)}, {"context": {}}]
    entry = {"replication_key": "updated_at", "replication_key_value": ago(days=1), "partitions": parts}
    assert loaded(state(campaigns=entry), KNOWN)["bookmarks"]["campaigns"] == {"partitions": []}
    assert "campaigns: a partition in the state has no bookmark: reading from the beginning" in caplog.messages


def test_a_bookmark_of_another_meaning_reads_from_the_beginning_and_says_so(caplog):
    entry = {"replication_key": "created", "replication_key_value": ago(days=1)}
    assert loaded(state(events=entry), KNOWN)["bookmarks"]["events"] == {}
    words = (
        "the bookmark in the state is for 'created' but the replication key is 'datetime': reading from the beginning"
    )
    assert caplog.messages == [f"events: {words}"]


def test_bookmarks_of_unknown_streams_are_kept_and_ignored():
    rig = Rig()
    theirs = {"replication_key_value": "whatever", "partitions": [{"context": {"list_id": "a"}}]}
    rig.put("list", "L1", name="", updated=ago(days=1))
    run = rig.sync("lists", state=state(listperson=theirs))
    assert [one["listperson"] for one in run.states] == [theirs] * len(run.states)
    assert len(run.records("lists")) == 1


def test_a_bookmark_of_a_stream_without_replication_key_is_no_bound():
    rig = Rig()
    rig.put("metric", "m1", name="Placed Order", created=ago(days=90), updated=ago(days=90))
    entry = {"replication_key": "updated", "replication_key_value": ago(days=-90)}
    assert len(rig.sync("metrics", state=state(metrics=entry)).records("metrics")) == 1


def test_a_stream_without_its_bookmark_is_read_whole_again():
    rig = Rig()
    for stream, kind in (("lists", "list"), ("flows", "flow")):
        rig.put(kind, "old", name="", archived=False, updated=ago(days=90))
        rig.put(kind, "new", name="", archived=False, updated=ago(days=1))
        rig.sync(stream)
    rig.later(hours=1)
    del rig.bookmarks["lists"]
    run = rig.sync("lists", "flows")
    assert run.written("lists") == {"old": 1, "new": 1}
    assert run.written("flows") == {"new": 1}


BROKEN = [
    ({"type": "STATE", "value": {}}, "the state has no object 'bookmarks'"),
    ({"bookmarks": None}, "the state has no object 'bookmarks'"),
    ({"bookmarks": []}, "the state has no object 'bookmarks'"),
    (state(events=None), "the bookmark of 'events'"),
    (state(theirs="2026-01-01"), "the bookmark of 'theirs'"),
    (state(events={"replication_key_value": "yesterday"}), "'replication_key_value' of 'events'"),
    (state(events={"replication_key_value": 1_767_225_600}), "'replication_key_value' of 'events'"),
    (state(events={"replication_key_value": ""}), "'replication_key_value' of 'events'"),
    (state(events={"lookback_at": "soon"}), "'lookback_at' of 'events'"),
    (state(campaigns={"partitions": {"a": 1}}), "'partitions' of 'campaigns'"),
    (state(campaigns={"partitions": ["a"]}), "'partitions' of 'campaigns'"),
    (state(campaigns={"partitions": [{"replication_key_value": "x"}]}), "'replication_key_value' of 'campaigns'"),
    (state(list_profiles={"fan_out": "L1"}), "'fan_out' of 'list_profiles'"),
    (state(list_profiles={"fan_out": {"after_parent": "L1"}}), "'fan_out' of 'list_profiles'"),
    (state(list_profiles={"fan_out": {"after_parent": "L1", "until": "x"}}), "'until' of 'list_profiles'"),
    (state(list_profiles={"fan_out": [{"after_parent": 1, "until": ago()}]}), "'fan_out' of 'list_profiles'"),
    (state(list_profiles={"active": "L1"}), "'active' of 'list_profiles'"),
    (state(list_profiles={"active": ["L1", 2]}), "'active' of 'list_profiles'"),
    (state(events={"lookback": {"began": ago()}}), "'lookback' of 'events'"),
    (state(events={"lookback": [{"through": ago()}]}), "'lookback' of 'events'"),
    (state(events={"full": [{"through": ago()}]}), "'full' of 'events'"),
    (state(list_profiles={"full": [{"version": 1, "after_parent": 1}]}), "'full' of 'list_profiles'"),
    (state(events={"full": [{"version": "1"}]}), "'version' of 'events'"),
    (state(events={"version": True}), "'version' of 'events'"),
]


@pytest.mark.parametrize(("given", "words"), BROKEN, ids=lambda value: json.dumps(value)[:60])
def test_a_broken_state_is_refused(given, words):
    with pytest.raises(BrokenStateError) as refused:
        loaded(given, KNOWN)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)
    with pytest.raises(BrokenStateError):
        Rig().tap("events", "campaigns", "lists", "list_profiles", state=given)


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps(BROKEN[0][0]), json.dumps(BROKEN[5][0])])
def test_a_broken_state_file_is_one_line_and_exit_code_1(content, tmp_path):
    for name, written in (("config", '{"api_url": "sandbox://"}'), ("state", content)):
        (tmp_path / f"{name}.json").write_text(written)
    ended = Machine(tmp_path).run("--config", f"{tmp_path}/config.json", "--state", f"{tmp_path}/state.json")
    assert (ended.code, ended.stdout) == (1, b"")
    assert "state" in ended.error


@pytest.mark.parametrize("given", [None, {}, {"bookmarks": {}}])
def test_no_state_is_a_first_sync(given):
    assert loaded(given or {}, KNOWN)["bookmarks"] == {}


def test_the_state_is_small_however_many_parents_there_are():
    shop = Shop(events=50, profiles=50)
    rig = Rig(shop)
    for number in range(1000):
        rig.put("list", f"L{number:04}", name="list", updated=ago(days=1))
    rig.shop.join("list", "L0999", shop.resources("profile")[0].id, ago(days=1))
    every = [stream.name for stream in STREAMS]
    run = rig.sync("lists", "list_profiles")
    sizes = [len(json.dumps(one)) for one in run.messages if one["type"] == "STATE"]
    assert max(sizes) < 700
    run = rig.sync(*every, method="INCREMENTAL")
    assert max(len(json.dumps(one)) for one in run.messages if one["type"] == "STATE") < 20_000
    assert len(run.states[-1]) > 40
