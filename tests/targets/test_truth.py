from __future__ import annotations

import re
from datetime import datetime

import pytest

from tap_klaviyo import contract
from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.shop import Shop
from tap_klaviyo.streams.registry import STREAMS

LINKS = {
    "campaign_tags": ("campaign", "tags"),
    "catalog_category_items": ("catalog-item", "categories"),
    "flow_tags": ("flow", "tags"),
    "list_tags": ("list", "tags"),
    "segment_tags": ("segment", "tags"),
}


@pytest.fixture(scope="module")
def shop():
    """The shop that `sandbox://` answers from: the same in every process."""
    return Shop()


def of_its_own(shop):
    """The ids of each stream's own resources; ingestion logs are gone after 14 days, and the shop's are older."""
    sandbox = Sandbox(shop)
    ids = {
        facts.schema_name(kind): {(row.id,) for row in sandbox.view(facts.revision).resources(kind)}
        for facts in map(contract.revision, contract.revisions())
        for kind in sandbox.view(facts.revision).counts()
        if kind in facts.types()
    }
    return {**ids, "object_ingestion_logs": set()}


def test_every_resource_of_the_shop_arrives(shop, first):
    expected = of_its_own(shop)
    single = {stream: first.key_values(stream) for stream in first.records if first.keys[stream] == ("id",)}
    assert single == {stream: expected[stream] for stream in single}
    assert len(single) > 40


def test_every_link_of_the_shop_arrives(shop, first):
    for stream, (kind, name) in LINKS.items():
        links = {frozenset((row.id, other)) for row in shop.resources(kind) for other in row.relationships[name]}
        assert {frozenset(pair) for pair in first.key_values(stream)} == links, stream


@pytest.mark.parametrize("group", ["list", "segment"])
def test_every_member_of_a_group_arrives(shop, first, group):
    members = {(group_id, profile_id) for group_id, profile_id, _ in shop.memberships(group)}
    assert first.key_values(f"{group}_profiles") == members


def instant(text):
    return datetime.fromisoformat(text)


def replication_keys(messages):
    marks = {name: mark for name, mark in messages.bookmarks.items() if "replication_key_value" in mark}
    return {name: mark["replication_key"] for name, mark in marks.items()}


def test_a_second_sync_writes_incremental_streams_from_the_second_of_the_bookmark_on(first, second):
    assert {"events", "profiles", "campaigns", "flows", "lists"} <= set(replication_keys(first))
    for stream, key in replication_keys(first).items():
        if stream.endswith("_report"):
            continue  # a report reads its last days again on every sync
        bookmark = instant(first.bookmarks[stream]["replication_key_value"]).replace(microsecond=0)
        # What is archived, or has no date, is read by every sync.
        dated = [row[key] for row in second.records[stream] if row[key] and not row.get("archived")]
        early = [value for value in dated if instant(value) < bookmark]
        assert early == [], stream
        assert len(second.records[stream]) < len(first.records[stream]) or not first.records[stream], stream


def test_a_second_sync_writes_the_other_streams_whole(first, second):
    swept = {stream.name for stream in STREAMS if stream.swept}  # between two sweeps only what changed
    whole = set(first.records) - set(replication_keys(first)) - swept
    assert "metrics" in whole
    assert {name: second.key_values(name) for name in whole} == {name: first.key_values(name) for name in whole}


def test_bookmarks_do_not_go_back(first, second):
    for stream in replication_keys(first):
        earlier, later = (run.bookmarks[stream]["replication_key_value"] for run in (first, second))
        assert instant(later) >= instant(earlier), stream


def test_date_times_are_rfc_3339(first):
    shape = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    for stream, key in (("events", "datetime"), ("profiles", "updated"), ("campaigns", "updated_at")):
        values = [row[key] for row in first.records[stream]]
        assert [value for value in values if not shape.fullmatch(value)] == []
