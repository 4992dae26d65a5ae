"""A bookmark belongs to what was asked: another question reads its history anew, and says so."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.config.settings import Settings
from tap_klaviyo.sandbox import Fault, Shop
from tap_klaviyo.sync.account import Account, UnknownAccountError
from tap_klaviyo.sync.fingerprint import fingerprint
from tap_klaviyo.sync.history import sign, take_up
from tap_klaviyo.sync.owner import ACCOUNT, KEY, Owner, key_of
from tap_klaviyo.sync.state import loaded, warn_unusable
from tests.no_data_loss.rig import NOON, Rig, text

SUMMER = datetime(2025, 6, 15, 12, tzinfo=UTC)  # the shop's last events are of this month
ANEW = "another question than in the last run (changed: {}): reading from the beginning"


def ago(**by):
    return text(NOON - timedelta(**by))


def said(caplog, stream):
    return [line for line in caplog.messages if line.startswith(f"{stream}: another question")]


@pytest.fixture(scope="module")
def shop():
    """A shop that no test changes."""
    return Shop(events=900, profiles=40)


def events(metric):
    return {"event_streams": [{"name": "mine", "metric": metric}]}


def test_another_metric_is_read_from_the_beginning(caplog, shop):
    rig = Rig(shop, now=SUMMER)
    first = rig.sync("mine", **events("Placed Order"))
    rig.later(hours=1)
    assert len(rig.sync("mine", lookback_days=0, **events("Placed Order")).records("mine")) < 5
    assert said(caplog, "mine") == []
    second = rig.sync("mine", lookback_days=0, **events("Opened Email"))
    assert len(said(caplog, "mine")) == 1
    assert ANEW.format("metric") in said(caplog, "mine")[0]
    clean = Rig(rig.shop, now=rig.now).sync("mine", lookback_days=0, **events("Opened Email"))
    assert second.written("mine") == clean.written("mine")
    assert len(clean.records("mine")) > 20
    assert first.written("mine").keys().isdisjoint(clean.written("mine"))
    rig.later(hours=1)
    assert len(rig.sync("mine", lookback_days=0, **events(" Opened Email ")).records("mine")) < 5
    assert len(said(caplog, "mine")) == 1


AGGREGATE = (
    "metric_aggregates",
    {"name": "mine", "metric": "Opened Email", "by": ["$flow"], "measurements": ["count", "unique"]},
)
REPORT = "reports", {"name": "mine", "report": "flow_series", "statistics": ["opens"]}
CUSTOM = (
    "custom_streams",
    {
        "name": "mine",
        "path": "/api/profiles",
        "params": {"sort": "updated", "fields[profile]": "updated"},
        "flatten_attributes": True,
        "replication_key": "updated",
        "start_param": None,
        "filter": "greater-than(updated,{start})",
    },
)


@pytest.mark.parametrize(
    ("asked", "change", "parts"),
    [
        (AGGREGATE, {"metric": "Clicked Email"}, "metric"),
        (AGGREGATE, {"by": ["$flow", "$message"]}, "by"),
        (AGGREGATE, {"measurements": ["sum_value"]}, "measurements"),
        (AGGREGATE, {"interval": "week", "timezone": "Asia/Tokyo"}, "interval, timezone"),
        (AGGREGATE, {"filter": ["not(equals($flow,''))"]}, "filter"),
        (AGGREGATE, {"measurements": ["unique", "count"], "lookback": 1}, None),
        (REPORT, {"group_by": ["flow_id", "flow_message_id"]}, "group_by"),
        (REPORT, {"filter": "equals(send_channel,'sms')"}, "filter"),
        (
            REPORT,
            {"report": "form_series", "statistics": ["submits"]},
            "conversion_metric, group_by, report",
        ),
        (REPORT, {"statistics": ["opens", "clicks"]}, None),
        (CUSTOM, {"params": {"filter": "greater-than(created,2020-01-01T00:00:00Z)"}}, "params"),
        (CUSTOM, {"path": "/api/lists", "params": {}}, "params, path"),
        (CUSTOM, {"params": {"sort": "updated", "fields[profile]": "email,updated"}}, None),
        (CUSTOM, {"params": {"sort": "updated", "page[size]": 50}, "primary_keys": ["id"]}, None),
    ],
)
def test_a_part_of_the_question_that_changed(caplog, shop, asked, change, parts):
    setting, entry = asked
    rig = Rig(shop, now=SUMMER)
    start = {"start_date": text(SUMMER - timedelta(days=90))} if setting != "custom_streams" else {}
    rig.sync("mine", **{setting: [entry]}, **start)
    before = rig.bookmarks["mine"]["replication_key_value"]
    second = rig.sync("mine", **{setting: [{**entry, **change}]}, **start)
    assert [line.partition("(changed: ")[2].partition(")")[0] for line in said(caplog, "mine")] == (
        [parts] if parts else []
    )
    if parts:
        clean = Rig(rig.shop, now=SUMMER).sync("mine", **{setting: [{**entry, **change}]}, **start)
        assert second.records("mine") == clean.records("mine") != []
    assert second.failures == []
    assert rig.bookmarks["mine"]["replication_key_value"] == before or "path" in change
    assert rig.sync("mine", **{setting: [{**entry, **change}]}, **start).failures == []
    assert len(said(caplog, "mine")) == bool(parts)


def test_a_filter_that_is_taken_away_brings_what_it_left_out(caplog):
    rig = Rig()
    for days in (1, 20):
        rig.put("profile", f"p{days}", email=f"p{days}@example.com", updated=ago(days=days), created=ago(days=days))
    option = {"stream_options": {"profiles": {"filter": "equals(email,'p1@example.com')"}}}
    rig.sync("profiles", **option)
    assert "example.com" not in json.dumps(rig.table.state)
    rig.later(minutes=5)
    second = rig.sync("profiles")
    assert second.written("profiles") == {"p1": 1, "p20": 1}
    assert ANEW.format("filter") in said(caplog, "profiles")[0]
    rig.later(minutes=5)
    assert rig.sync("profiles", **option).written("profiles") == {"p1": 1}
    assert len(said(caplog, "profiles")) == 1, "a filter leaves rows out and adds none"


def test_another_account_is_read_from_the_beginning(caplog):
    rig = Rig()
    rig.put("account", "AAA111")
    for days in (1, 20):
        rig.put("list", f"l{days}", name="", created=ago(days=days), updated=ago(days=days))
    rig.sync("lists", include_account_id=True)
    rig.later(minutes=5)
    assert rig.sync("lists").written("lists") == {"l1": 1}
    other = Rig(now=rig.now)
    other.put("account", "BBB222")
    for days in (3, 40):
        other.put("list", f"o{days}", name="", created=ago(days=days), updated=ago(days=days))
    run = other.sync("lists", state=rig.table.state, include_account_id=True)
    assert run.written("lists") == {"o3": 1, "o40": 1}
    assert ANEW.format("account") in said(caplog, "lists")[0]


def of_an_account(account, now, **days):
    """Return a rig of an account with a list for each name, changed so many days ago."""
    rig = Rig(now=now)
    rig.put("account", account)
    for name, ago_days in days.items():
        moment = text(rig.now - timedelta(days=ago_days))
        rig.put("list", name, name="", created=moment, updated=moment)
    return rig


KEY_A, KEY_B = {"auth_token": "pk_a"}, {"auth_token": "pk_b"}


@pytest.mark.parametrize("streams", [("lists",), ("accounts", "lists"), ("lists", "accounts")])
def test_a_key_of_another_account_is_noticed_whatever_is_selected(caplog, streams):
    mine = of_an_account("AAA111", NOON, m1=1, m20=20)
    mine.sync(*streams, **KEY_A)
    theirs = of_an_account("BBB222", NOON + timedelta(minutes=5), t3=3, t40=40)
    run = theirs.sync(*streams, state=mine.table.state, **KEY_B)
    assert run.written("lists") == {"t3": 1, "t40": 1}
    known = "accounts" in streams
    assert ANEW.format("account" if known else "auth_token") in said(caplog, "lists")[0]
    theirs.later(minutes=5)
    assert theirs.sync(*streams, **KEY_B).written("lists") == {"t3": 1}


def test_a_new_key_of_the_same_account_goes_on(caplog):
    rig = of_an_account("AAA111", NOON, l1=1, l20=20)
    rig.sync("lists", "accounts", **KEY_A)
    for key, same in ((KEY_A, True), (KEY_B, False), (KEY_B, True), (KEY_A, False)):
        rig.later(minutes=5)
        rig.sandbox.requests.clear()
        assert rig.sync("lists", **key).written("lists") == {"l1": 1}
        asked = Counter(one.path for one in rig.sandbox.requests)
        assert asked == {"/api/lists": 1} | ({} if same else {"/api/accounts": 1})
    assert said(caplog, "lists") == []
    assert "pk_" not in json.dumps(rig.table.state)


def test_the_account_is_learned_from_a_stream_that_comes_later(caplog):
    rig = of_an_account("AAA111", NOON, l1=1, l20=20)
    later = {"bookmarks": {"accounts": {"turn_at": "2026-03-01T00:00:00+00:00"}}}
    run = rig.sync("lists", "accounts", state=later, **KEY_A)
    assert [one["stream"] for one in run.messages if one["type"] == "SCHEMA"] == ["lists", "accounts"]
    rig.later(minutes=5)
    rig.sync("lists", "accounts", **KEY_A)
    rig.later(minutes=5)
    assert rig.sync("lists", **KEY_B).written("lists") == {"l1": 1}
    assert said(caplog, "lists") == []


def test_a_key_that_does_not_say_whose_it_is_counts_as_another_account(caplog):
    rig = of_an_account("AAA111", NOON, l1=1, l20=20)
    rig.sync("lists", "accounts", **KEY_A)
    rig.sandbox.faults.add(Fault("error", rate=1, value=403, path="/api/accounts"))
    rig.later(minutes=5)
    assert rig.sync("lists", **KEY_B).written("lists") == {"l1": 1, "l20": 1}
    assert ANEW.format("auth_token") in said(caplog, "lists")[0]
    rig.later(minutes=5)
    assert rig.sync("lists", **KEY_B).written("lists") == {"l1": 1}


def test_a_state_of_an_earlier_release_says_of_no_key_and_goes_on(caplog):
    rig = of_an_account("AAA111", NOON, l1=1, l20=20)
    rig.sync("lists")
    assert "question" not in rig.bookmarks["lists"]
    rig.later(minutes=5)
    assert rig.sync("lists", **KEY_A).written("lists") == {"l1": 1}
    assert rig.bookmarks["lists"]["question"][KEY] == key_of(Settings(auth_token=" pk_a\n"))
    assert said(caplog, "lists") == []


def test_a_state_that_knows_no_question_goes_on(caplog, shop):
    rig = Rig(shop, now=SUMMER)
    rig.sync("mine", **events("Placed Order"))
    rig.bookmarks["mine"].pop("question")
    run = rig.sync("mine", lookback_days=0, **events("Placed Order"))
    assert len(run.records("mine")) < 5
    assert said(caplog, "mine") == []
    assert run.states[-1]["mine"]["question"]["metric"] == fingerprint("Placed Order")


parts = st.dictionaries(st.sampled_from(["metric", "by", "filter"]), st.integers(0, 2))


class Told(Account):
    """An account whose id is known once it is asked for, or at the end, or never."""

    def __init__(self, account):
        self.account, self.asked, self.ended = account, 0, False

    def known(self):
        return self.account if self.asked or self.ended else None

    def id(self):
        self.asked += 1
        if self.account is None:
            message = "not told"
            raise UnknownAccountError(message)
        return self.account


accounts, keys = st.sampled_from([None, "A", "B"]), st.sampled_from([None, "k", "l"])


def run_of(whose, state, question):
    """Take up a state, and write a row; return what changed, and whether it was asked whose the key is."""
    account, key = whose
    told = Told(account)
    changed = take_up(state, question, Owner(told, key), "mine")
    sign(state, Owner(told, key))
    told.ended = True
    sign(state, Owner(told, key))
    return changed, told.asked


@given(parts, parts, st.tuples(accounts, keys), st.tuples(accounts, keys))
def test_only_what_was_known_and_differs_begins_anew(before, after, old, new):
    state: dict[str, Any] = {"replication_key_value": "2026-01-01", "version": 7, "partitions": []}
    assert run_of(old, state, before)[0] == []
    then = {**state.get("question", {})}
    changed, asked = run_of(new, state, after)
    expected = [name for name in before if before[name] != after.get(name)]
    other_key = None not in (old[1], new[1]) and old[1] != new[1]
    assert asked == other_key, "only another key is a reason to ask"
    if other_key and old[0] != new[0]:
        expected.append(ACCOUNT if old[0] and new[0] else KEY)
    elif other_key and old[0] is None:
        expected.append(KEY)
    assert changed == sorted(expected)
    assert (state["replication_key_value"] is None) == bool(changed)
    assert (state["version"], state["partitions"]) == (7, [])
    assert then.keys() <= state.get("question", {}).keys(), "a member that is absent lives on in a merged state"
    assert run_of(new, state, after) == ([], 0)


def test_a_stream_that_writes_nothing_leaves_the_state_as_it_was():
    rig = Rig()
    before = {"replication_key": "updated", "replication_key_value": "2026-01-01T00:00:00+00:00"}
    rig.sandbox.faults.add(Fault("error", rate=1, value=400, path="/api/lists"))
    run = rig.sync("lists", state={"bookmarks": {"lists": {**before}}}, **KEY_A)
    assert run.failures
    assert {name: value for name, value in run.states[-1]["lists"].items() if name != "version"} == before


def test_a_full_read_under_way_for_another_question_begins_anew():
    state = {"version": 5, "full": {"version": 9, "after_parent": "x"}, "question": {"metric": fingerprint("a")}}
    assert take_up(state, {"metric": "b"}, Owner(Told(None), None), "mine") == ["metric"]
    assert (state["version"], state["full"]) == (9, None), "later rows must not look older than those of that read"


KNOWN = {"lists": "updated", "events": "datetime", "metrics": None}


@pytest.mark.parametrize(
    ("bookmarks", "words"),
    [
        (
            {"receive": {"since": "2024-01-01"}, "lists": {"since": "2024-01-01"}},
            ["receive", "from the beginning (lists)"],
        ),
        ({"global_exclusions": {"replication_key_value": "x"}}, ["kept and ignored (global_exclusions)"]),
        ({f"s{number:02}": {} for number in range(14)}, ["s09 and 4 more"]),
        ({"lists": {"replication_key_value": "2024-01-01"}, "events": {}, "metrics": {"cursor": 1}}, []),
        ({"my_old_stream": {"question": {"path": "12345678"}}}, []),
        ({"lists": {"replication_key": None, "replication_key_value": None, "swept_at": None}}, []),
    ],
)
def test_what_no_stream_can_go_on_from_is_said_in_one_line(bookmarks, words):
    found = []
    warn_unusable(loaded({"bookmarks": bookmarks}, KNOWN), KNOWN, lambda _topic, line: found.append(line))
    assert len(found) == bool(words)
    assert all(word in found[0] for word in words)


def test_the_warning_comes_once_whatever_the_streams(caplog):
    rig = Rig()
    rig.put("list", "l1", name="", updated=ago(days=1))
    run = rig.sync("lists", state={"bookmarks": {"receive": {"since": "2024-01-01"}, "lists": {"since": "x"}}})
    assert run.written("lists") == {"l1": 1}
    assert [line for line in caplog.messages if "another tap" in line] == [
        (
            "the state is in part that of another tap: bookmarks of unknown streams are kept and ignored (receive); "
            "streams without a usable bookmark are read from the beginning (lists)"
        )
    ]
