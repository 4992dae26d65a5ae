"""FULL_TABLE chosen for an incremental stream: everything again, under a version that is activated at the end alone."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.faults import Fault
from tests.streams.syncing import TODAY, sync

SHAPES = ("profiles", "events", "campaigns", "lists", "list_profiles", "profile_suppressions", "reviews")
FEW_TRIES = {"retry": 1, "retry_backoff_multiplier_ms": 1}


@pytest.fixture
def shop():
    return Shop(events=1200, profiles=120)


def full_table(entry):
    entry["replication_method"] = "FULL_TABLE"


def by_metadata(entry):
    """As the Singer specification has it."""
    root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
    root["replication-method"] = "FULL_TABLE"


def versions(run, stream):
    return {message.get("version") for message in run.of(stream) if message["type"] == "RECORD"}


def activations(run, stream):
    return [message["version"] for message in run.of(stream) if message["type"] == "ACTIVATE_VERSION"]


def bookmark_of(run, stream):
    """What decides which rows the next incremental run asks for."""
    saved = run.state["bookmarks"][stream]
    passing = {"version", "full", "failed_parents"}  # of reads of everything, and of parents that are asked again
    return {name: value for name, value in saved.items() if name not in passing}


@pytest.mark.parametrize("stream", SHAPES)
def test_records_carry_a_version_that_the_last_message_of_the_stream_activates(shop, stream):
    first = sync(shop, stream)
    (earlier,) = versions(first, stream)
    assert earlier is not None
    assert activations(first, stream) == []
    run = sync(shop, stream, change=full_table, state=first.state, now=TODAY + timedelta(minutes=1))
    (version,) = versions(run, stream)
    assert version > earlier
    assert activations(run, stream) == [version]
    assert run.of(stream)[-1]["type"] == "ACTIVATE_VERSION"
    assert run.messages[-1]["type"] == "STATE"
    assert set(run.keys(stream)) == set(first.keys(stream))
    assert run.sandbox.refused == 0


def test_the_method_may_stand_in_the_metadata(shop):
    run = sync(shop, "lists", change=by_metadata)
    assert len(activations(run, "lists")) == 1


@pytest.mark.parametrize("stream", SHAPES)
def test_nothing_bounds_it_and_the_bookmark_survives(shop, stream):
    first = sync(shop, stream)
    run = sync(shop, stream, change=full_table, state=first.state)
    assert bookmark_of(run, stream) == bookmark_of(first, stream)
    assert run.state["bookmarks"][stream].get("full") is None
    asked = [parse_qs(logged.query) for logged in run.sandbox.requests]
    whole_pages = [one.get("filter", [""])[0] for one in asked if one.get("page[size]") != ["20"]]
    assert any("less-" not in one for one in whole_pages)
    assert not any(str(first.bookmark(stream))[:19] in one for one in whole_pages)
    later = sync(shop, stream, state=run.state)
    assert len(later.records[stream]) < len(run.records[stream])


def test_a_row_that_changes_while_it_is_read_is_not_lost(shop):
    moved = shop.resources("profile")[5].id
    shop.update("profile", moved, updated=TODAY.isoformat())
    run = sync(shop, "profiles", change=full_table)
    assert (moved,) in run.keys("profiles")
    assert len(activations(run, "profiles")) == 1


def test_a_start_without_a_bookmark_leaves_none(shop):
    run = sync(shop, "profiles", "list_profiles", change=full_table)
    assert run.bookmark("profiles") is None
    assert run.bookmark("list_profiles") is None


@pytest.mark.parametrize(
    ("stream", "path"),
    [("list_profiles", "/api/lists/{id}/profiles"), ("profiles", "/api/profiles"), ("campaigns", "/api/campaigns")],
)
def test_no_version_is_activated_after_a_failure(shop, stream, path):
    first = sync(shop, stream)
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("error", on=frozenset(range(2, 40)), path=path))
    run = sync(sandbox, stream, change=full_table, state=first.state, config=FEW_TRIES)
    assert run.tap.failures == [stream]
    assert activations(run, stream) == []
    assert bookmark_of(run, stream) == bookmark_of(first, stream)


def test_no_version_is_activated_when_the_stream_was_skipped(shop):
    scopes = {"lists:read"}
    sandbox = Sandbox(shop, access=Access(scopes={"": scopes}), now=lambda: TODAY)
    run = sync(sandbox, "list_profiles", change=full_table)
    assert run.tap.failures == []
    assert activations(run, "list_profiles") == []


def test_no_version_is_activated_where_the_parents_cannot_be_listed(shop):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("error", rate=1.0, path="/api/lists"))
    run = sync(sandbox, "list_profiles", change=full_table, config=FEW_TRIES)
    assert run.tap.failures == ["list_profiles"]
    assert activations(run, "list_profiles") == []


def test_a_list_that_is_gone_has_no_members_and_the_rest_is_activated(shop):
    """Between the listing of the lists and its turn; Klaviyo answers 404."""
    sandbox = Sandbox(shop, now=lambda: TODAY)
    gone = shop.resources("list")[0].id
    sandbox.faults.add(Fault("error", on=frozenset({1}), path="/api/lists/{id}/profiles", value=404))
    run = sync(sandbox, "list_profiles", change=full_table, config={"max_workers": 1})
    assert run.tap.failures == []
    assert gone not in {key[0] for key in run.keys("list_profiles")}
    assert len(activations(run, "list_profiles")) == 1


def test_a_range_of_its_own_activates_nothing(shop):
    config = {"start_date": "2025-01-01T00:00:00Z", "end_date": "2025-02-01T00:00:00Z"}
    run = sync(shop, "events", change=full_table, config=config)
    assert run.records["events"]
    assert activations(run, "events") == []


@pytest.mark.parametrize(("setting", "count"), [(False, 0), (True, 1)])
def test_a_stream_without_a_bookmark_activates_where_the_setting_asks(shop, setting, count):
    run = sync(shop, "tags", "campaign_tags", config={"emit_activate_version_messages": setting})
    for stream in ("tags", "campaign_tags"):
        assert len(activations(run, stream)) == count
        assert (versions(run, stream) == {None}) is (not setting)


def test_an_interrupted_fan_out_is_not_resumed_by_a_full_read(shop):
    first = sync(shop, "list_profiles")
    lists = sorted(resource.id for resource in shop.resources("list"))
    state = {
        "bookmarks": {"list_profiles": {"fan_out": {"until": "2025-06-01T00:00:00+00:00", "after_parent": lists[9]}}}
    }
    run = sync(shop, "list_profiles", change=full_table, state=state)
    assert set(run.keys("list_profiles")) == set(first.keys("list_profiles"))
    assert len(activations(run, "list_profiles")) == 1
