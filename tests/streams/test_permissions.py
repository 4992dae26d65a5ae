"""A key that may not read everything reads the rest, and says what it lacks."""

from __future__ import annotations

import logging

import pytest

from tap_klaviyo import contract
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tests.streams.syncing import TODAY, sync

ALL = ""  # the key that the embedded shop sees


@pytest.fixture(scope="module")
def shop():
    return Shop(events=40, profiles=20)


def lacking(shop, *scopes):
    everything = {scope for endpoint in contract.newest().endpoints().values() for scope in endpoint.scopes}
    return Sandbox(shop, access=Access(scopes={ALL: everything - {*scopes}}), now=lambda: TODAY)


def warnings(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_events_come_without_the_names_of_their_metrics(shop, caplog):
    run = sync(lacking(shop, "metrics:read"), "events")
    assert run.tap.failures == []
    assert len(run.records["events"]) == 40
    assert {event["metric_name"] for event in run.records["events"]} == {None}
    assert None not in {event["metric_id"] for event in run.records["events"]}
    assert len([line for line in warnings(caplog) if "events" in line]) == 1
    assert "events: the key has no scope for metric," in caplog.text
    assert "to fill them, give the key metrics:read" in caplog.text


def test_what_the_key_lacks_is_not_asked_for_again(shop):
    run = sync(lacking(shop, "metrics:read"), "events", config={"max_workers": 1})
    assert len(run.records["events"]) == 40
    # The first request, and the one for the future, which was ready before an answer came.
    assert ["metric" in query.partition("include=")[2].partition("&")[0] for query in run.asked("/api/events")].count(
        True
    ) == 2
    assert len(run.asked("/api/events")) == 5


def test_with_the_scope_they_have_them(shop, caplog):
    run = sync(lacking(shop), "events")
    assert None not in {event["metric_name"] for event in run.records["events"]}
    assert warnings(caplog) == []


def test_a_stream_that_is_carried_by_an_include_is_skipped_and_the_scope_named(shop, caplog):
    run = sync(lacking(shop, "tags:read"), "list_tags", "lists", "tags")
    assert run.tap.failures == []
    assert run.records["lists"]
    assert not run.records["list_tags"]
    (line,) = (line for line in warnings(caplog) if "list_tags" in line)
    assert "lists:read, tags:read" in line


def test_an_include_that_was_asked_for_is_not_left_out(shop, caplog):
    options = {"stream_options": {"events": {"include": ["metric"]}}}
    run = sync(lacking(shop, "metrics:read"), "events", config=options)
    assert not run.records["events"]
    assert any(line.startswith("events: skipped:") for line in warnings(caplog))


def test_fail_means_that_nothing_is_left_out(shop):
    run = sync(lacking(shop, "metrics:read"), "events", "lists", config={"on_permission_denied": "fail"})
    assert run.tap.failures == ["events"]
    assert not run.records["events"]
    assert run.records["lists"]


@pytest.mark.parametrize("policy", ["skip", "fail"])
def test_a_stream_that_was_not_read_keeps_its_bookmark(shop, policy):
    before = {
        "bookmarks": {
            "profiles": {"replication_key": "updated", "replication_key_value": "2025-01-01T00:00:00+00:00"},
            "list_profiles": {
                "replication_key": "joined_group_at",
                "replication_key_value": "2025-02-01T00:00:00+00:00",
            },
        }
    }
    run = sync(
        lacking(shop, "profiles:read"),
        "profiles",
        "list_profiles",
        "lists",
        state=before,
        config={"on_permission_denied": policy},
    )
    assert run.tap.failures == ([] if policy == "skip" else ["list_profiles", "profiles"])
    assert run.bookmark("profiles") == "2025-01-01T00:00:00+00:00"
    assert run.bookmark("list_profiles") == "2025-02-01T00:00:00+00:00"
    assert run.bookmark("lists") is not None


def test_a_child_whose_parent_may_not_be_read_is_skipped(shop, caplog):
    run = sync(lacking(shop, "coupons:read"), "coupons", "coupon_codes")
    assert run.tap.failures == []
    assert not run.records["coupon_codes"]
    assert any(line.startswith("coupon_codes: skipped:") and "coupons:read" in line for line in warnings(caplog))


def test_webhooks_of_an_account_without_advanced_kdp_are_skipped_with_that_reason(shop, caplog):
    sandbox = Sandbox(shop, access=Access(without_webhooks={ALL}), now=lambda: TODAY)
    run = sync(sandbox, "webhooks", "webhook_topics", "tags")
    assert run.tap.failures == []
    assert run.records["tags"]
    for stream in ("webhooks", "webhook_topics"):
        (line,) = (line for line in warnings(caplog) if line.startswith(f"{stream}: skipped:"))
        assert "needs an account with Advanced KDP" in line
        assert "scope" not in line
