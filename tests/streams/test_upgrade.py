"""A table that an earlier version loaded goes on: its keys and replication keys, and the state that version left."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import TODAY, sync

# What every version so far has written: a change here renames rows in every warehouse there is.
KEYS = {
    "campaign_tags": ["campaign_id", "tag_id"],
    "campaign_values_report": [
        *("window_start", "window_end", "campaign_id", "campaign_message_id", "send_channel", "conversion_metric_id"),
    ],
    "catalog_category_items": ["catalog_category_id", "catalog_item_id"],
    "flow_series_report": ["date", "flow_id", "flow_message_id", "send_channel", "conversion_metric_id"],
    "flow_tags": ["flow_id", "tag_id"],
    "flow_values_report": [
        *("window_start", "window_end", "flow_id", "flow_message_id", "send_channel", "conversion_metric_id"),
    ],
    "form_series_report": ["date", "form_id"],
    "form_values_report": ["window_start", "window_end", "form_id"],
    "list_profiles": ["list_id", "profile_id"],
    "list_tags": ["list_id", "tag_id"],
    "profile_list_suppressions": ["profile_id", "list_id", "reason"],
    "profile_suppressions": ["profile_id", "reason"],
    "segment_profiles": ["segment_id", "profile_id"],
    "segment_series_report": ["date", "segment_id"],
    "segment_tags": ["segment_id", "tag_id"],
    "segment_values_report": ["window_start", "window_end", "segment_id"],
}
# Streams with a bookmark: the column that it is a value of.
BOOKMARKS = {
    "campaigns": "updated_at",
    "events": "datetime",
    "flow_messages": "updated",
    "flows": "updated",
    "form_versions": "updated_at",
    "forms": "updated_at",
    "images": "updated_at",
    "list_profiles": "joined_group_at",
    "lists": "updated",
    "object_ingestion_logs": "timestamp",
    "profile_list_suppressions": "timestamp",
    "profile_suppressions": "timestamp",
    "profiles": "updated",
    "reviews": "updated",
    "segment_profiles": "joined_group_at",
    "segments": "updated",
    "templates": "updated",
    "universal_content": "updated",
    "web_feeds": "updated",
}
# Streams without one, whose state was empty.
WHOLE = ("campaign_messages", "campaign_tags", "coupon_codes", "metric_properties", "object_records", "tags")
# Link tables that came later.
LINKS_SINCE = {"campaign_message_tags", "event_attributions"}
READ = (*BOOKMARKS, *WHOLE)


def test_no_key_has_changed():
    streams = json.loads(TapKlaviyo(config={"api_url": "sandbox://"}).catalog_json_text)["streams"]
    keys = {entry["tap_stream_id"]: entry["key_properties"] for entry in streams}
    composite = {name: columns for name, columns in keys.items() if columns != ["id"]}
    assert {name: keys for name, keys in composite.items() if name in KEYS} == KEYS
    assert composite.keys() - KEYS.keys() == LINKS_SINCE
    replicated = {entry["tap_stream_id"]: entry.get("replication_key") for entry in streams}
    assert {name: replicated[name] for name in BOOKMARKS} == BOOKMARKS


def test_a_state_of_an_earlier_version_goes_on():
    shop = Shop(events=40, profiles=12)
    first = sync(Sandbox(shop, now=lambda: TODAY), *READ)
    left = {
        name: {"replication_key": key, "replication_key_value": first.bookmark(name)}
        for name, key in BOOKMARKS.items()
        if first.bookmark(name)
    }
    left["events"]["lookback_at"] = first.state["bookmarks"]["events"]["lookback_at"]
    state = {"bookmarks": {**{name: {} for name in WHOLE}, **left}}

    later = TODAY + timedelta(hours=1)
    second = sync(Sandbox(shop, now=lambda: later), *READ, state=state, now=later)
    assert second.tap.failures == []
    for name in READ:
        assert {*second.keys(name)} <= {*first.keys(name)}, name
        assert name in BOOKMARKS or len(second.records[name]) == len(first.records[name])
    for name, bookmark in left.items():
        found = second.bookmark(name)
        assert found is not None
        assert datetime.fromisoformat(found) >= datetime.fromisoformat(str(bookmark["replication_key_value"])), name
    assert len(second.records["profiles"]) < len(first.records["profiles"])
    assert second.records["events"] == first.records["events"][-len(second.records["events"]) :]
