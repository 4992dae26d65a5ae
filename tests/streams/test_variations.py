"""Variations are read again where an edit may have changed them: nothing says that it moves the message's date."""

from __future__ import annotations

from datetime import timedelta

from tap_klaviyo.sandbox import Sandbox, Shop
from tests.streams.syncing import TODAY, sync

MESSAGES = "/api/campaign-messages"


def test_between_sweeps_changed_and_unsettled_messages_are_asked():
    clock = [TODAY]
    sandbox = Sandbox(Shop(events=10, profiles=5), now=lambda: clock[0])
    first = sync(sandbox, "campaign_variations")
    every = {message.id: message for message in sandbox.view("2026-10-15").resources("campaign-message")}
    assert {record["campaign_message_id"] for record in first.records["campaign_variations"]} <= {*every}
    before = len(sandbox.requests)
    clock[0] += timedelta(hours=1)
    again = sync(sandbox, "campaign_variations", state=first.state, now=clock[0])
    asked = [request.path for request in list(sandbox.requests)[before:] if request.path != MESSAGES]
    unsettled = {
        key
        for key, message in every.items()
        if message.attributes["definition"].get("status") in {"draft", "scheduled", "sending"}
    }
    assert unsettled
    assert len(unsettled) <= len(asked) < len(every)
    with_variations = {record["campaign_message_id"] for record in first.records["campaign_variations"]}
    assert unsettled & with_variations <= {one["campaign_message_id"] for one in again.records["campaign_variations"]}
    assert again.tap.failures == []
    clock[0] += timedelta(hours=23)
    swept = sync(sandbox, "campaign_variations", state=again.state, now=clock[0])
    assert sorted(swept.keys("campaign_variations")) == sorted(first.keys("campaign_variations"))
