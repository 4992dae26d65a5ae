"""`full_table_every_days`: every so often a run reads an incremental stream whole, and what is gone can be dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import TODAY, Run, sync
from tests.streams.test_full_table import activations, versions

DAY = timedelta(days=1)
WEEKLY = {"full_table_every_days": 7}
BUYERS = {
    "name": "buyers",
    "path": "/api/profiles",
    "flatten_attributes": True,
    "replication_key": "updated",
    "filter": "greater-than(updated,{start})",
}


@pytest.fixture
def shop():
    return Shop(events=30, profiles=12)


def at(shop, day, stream, state=None, **options):
    config = {"stream_options": options or {stream: WEEKLY}, "custom_streams": [BUYERS] * (stream == "buyers")}
    now = TODAY + day * DAY
    return sync(Sandbox(shop, now=lambda: now), stream, config=config, state=state, now=now)


@pytest.mark.parametrize(
    ("stream", "under"),
    [("profiles", "*"), ("lists", "lists"), ("list_profiles", "*"), ("events", "events"), ("buyers", "buyers")],
)
def test_a_run_a_week_reads_everything(shop, stream, under):
    # The last one begins a little earlier than a week after the one before.
    days = (0, 1, 7, 8, 14 - 1 / 4320)
    runs: list[Run] = []
    for day in days:
        runs.append(at(shop, day, stream, runs[-1].state if runs else None, **{under: WEEKLY}))
    first, second, whole, after, again = runs
    assert [day for day, run in zip(days, runs, strict=True) if activations(run, stream)] == [days[2], days[4]]
    for run in (whole, again):
        assert set(run.keys(stream)) == set(first.keys(stream))
        assert versions(run, stream) == {*activations(run, stream)}
    assert whole.bookmark(stream) == second.bookmark(stream)
    assert versions(second, stream) <= versions(first, stream)
    assert versions(after, stream) <= versions(whole, stream)


def test_what_is_gone_is_not_in_the_new_version(shop):
    first = at(shop, 0, "profiles")
    gone = shop.resources("profile")[3].id
    shop.delete("profile", gone)
    run = at(shop, 7, "profiles", first.state)
    assert (gone,) in first.keys("profiles")
    assert (gone,) not in run.keys("profiles")
    assert activations(run, "profiles")


def test_a_full_read_that_was_cut_off_goes_on(shop):
    first = at(shop, 0, "list_profiles")
    reading = at(shop, 7, "list_profiles", first.state)
    states = [one["value"]["bookmarks"]["list_profiles"] for one in reading.messages if one["type"] == "STATE"]
    assert reading.records["list_profiles"]
    parents = list(dict.fromkeys(record["list_id"] for record in reading.records["list_profiles"]))
    version = next(iter(versions(reading, "list_profiles")))
    cut = {**first.state["bookmarks"]["list_profiles"], "full": [{"version": version, "after_parent": parents[2]}]}
    assert states
    run = at(shop, 8, "list_profiles", {"bookmarks": {"list_profiles": cut}})
    assert activations(run, "list_profiles") == [version]
    assert {record["list_id"] for record in run.records["list_profiles"]} == {*parents[3:]}
    assert not activations(at(shop, 9, "list_profiles", run.state), "list_profiles")


def test_a_table_from_before_the_option_is_read_whole_at_once(shop):
    first = at(shop, 0, "profiles", profiles={})
    assert "full_at" not in first.state["bookmarks"]["profiles"]
    assert activations(at(shop, 1, "profiles", first.state), "profiles")


def test_every_stream_leaves_those_alone_that_are_bounded(shop):
    first = at(shop, 0, "events", **{"*": WEEKLY, "events": {"start_date": "2020-01-01"}})
    run = at(shop, 8, "events", first.state, **{"*": WEEKLY, "events": {"start_date": "2020-01-01"}})
    assert not activations(run, "events")
    assert len(run.records["events"]) < len(first.records["events"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"metrics": WEEKLY}, "stream_options 'metrics': full_table_every_days is for incremental streams"),
        (
            {"events": {**WEEKLY, "start_date": "2024-01-01"}},
            "what is gone from what start_date leaves out",
        ),
        (
            {"lists": {**WEEKLY, "filter": "equals(name,['a'])"}},
            "what is gone from what the filter leaves out",
        ),
        ({"lists": {"full_table_every_days": 0}}, "full_table_every_days must be a whole number from 1 to 3650"),
        (
            {"*": {"full_table_every_days": "weekly"}},
            "'*': full_table_every_days must be a whole number",
        ),
        ({"flow_values_report": WEEKLY}, "reports take none"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(SettingsError) as error:
        TapKlaviyo(config={"stream_options": options})
    assert words in str(error.value)
