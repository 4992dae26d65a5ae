"""What a sync costs in requests: what the docstrings say, and not one a parent where a list carries the children."""

from __future__ import annotations

from collections import Counter

import pytest

from tap_klaviyo.sandbox import Shop
from tap_klaviyo.streams.registry import STREAMS
from tests.streams.syncing import sync

BY_NAME = {kind.name: kind for kind in STREAMS}
# Carried by an include of another list: nothing else is asked.
CARRIED = ("campaign_tags", "flow_actions", "flow_tags", "list_tags", "segment_tags")


@pytest.fixture(scope="module")
def shop():
    return Shop(events=2500, profiles=150)


def asked(shop, *names):
    return Counter(logged.path for logged in sync(shop, *names).sandbox.requests)


def pages(count, size):
    return max(1, -(-count // size))


def of(shop, kind):
    return len(shop.resources(kind))


def campaigns(shop):
    by_variant = Counter(
        (row.hidden["messages.channel"], row.attributes["archived"]) for row in shop.resources("campaign")
    )
    return sum(pages(count, 100) for count in by_variant.values())


def flows(shop):
    by_variant = Counter(row.attributes["archived"] for row in shop.resources("flow"))
    return sum(pages(count, 50) for count in by_variant.values())


@pytest.mark.parametrize("name", CARRIED)
def test_carried_records_cost_no_more_than_the_list_that_carries_them(shop, name):
    lists = {
        "/api/campaigns": campaigns(shop),
        "/api/flows": flows(shop),
        "/api/lists": pages(of(shop, "list"), 10),
        "/api/segments": pages(of(shop, "segment"), 10),
    }
    path = BY_NAME[name].path
    assert asked(shop, name) == {path: lists[path]}


def test_campaign_messages_with_their_template_cost_a_request_a_campaign(shop):
    assert asked(shop, "campaign_messages") == {
        "/api/campaigns": campaigns(shop),
        "/api/campaigns/{id}/campaign-messages": of(shop, "campaign"),
    }


def test_variants_cost_their_own_pages_and_those_of_the_items(shop):
    expected = {
        "/api/catalog-variants": pages(of(shop, "catalog-variant"), 100),
        "/api/catalog-items": pages(of(shop, "catalog-item"), 100),
    }
    assert asked(shop, "catalog_variants") == expected


def test_variants_without_their_item_cost_no_look_at_the_items(shop):
    def without_item(entry):
        for item in entry["metadata"]:
            if item["breadcrumb"] == ("properties", "item_id") or item["breadcrumb"] == ["properties", "item_id"]:
                item["metadata"]["selected"] = False

    run = sync(shop, "catalog_variants", change=without_item)
    assert set(run.records["catalog_variants"][0]) >= {"id", "sku"}
    assert {logged.path for logged in run.sandbox.requests} == {"/api/catalog-variants"}


def test_conversations_cost_the_pages_of_the_profiles(shop):
    assert asked(shop, "conversations") == {"/api/profiles": pages(150, 100)}


def test_flow_messages_cost_a_request_an_action_that_can_send(shop):
    types = Counter(action.attributes["definition"]["type"] for action in shop.resources("flow-action"))
    assert types["time-delay"] > 0
    assert asked(shop, "flow_messages") == {
        "/api/flows": flows(shop),
        "/api/flow-actions/{id}/flow-messages": of(shop, "flow-action") - types["time-delay"],
    }


def test_source_mappings_cost_a_request_a_schema(shop):
    assert asked(shop, "source_mappings") == {
        "/api/object-types": 1,
        "/api/object-types/{id}/schema-versions": of(shop, "object-type"),
        "/api/object-schemas/{id}/source-mapping": of(shop, "object-schema"),
    }


def test_suppressions_cost_the_pages_of_the_suppressed_profiles_alone(shop):
    for name in ("profile_suppressions", "profile_list_suppressions"):
        assert asked(shop, name) == {"/api/profiles": 1}


def test_parents_are_listed_once_for_all_their_children(shop):
    streams = ("campaign_recipient_estimations", "campaign_recipient_estimation_jobs", "campaign_send_jobs")
    found = asked(shop, *streams)
    assert found.pop("/api/campaigns") == campaigns(shop)
    assert set(found.values()) == {of(shop, "campaign")}


def test_a_list_in_windows_costs_two_looks_at_where_it_begins_and_ends_beside_its_pages(shop):
    assert of(shop, "web-feed") > 20
    assert asked(shop, "web_feeds") == {"/api/web-feeds": 2 + pages(of(shop, "web-feed"), 20)}


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("metrics", "metric", 200),
        ("lists", "list", 10),
        ("tags", "tag", 50),
        ("tag_groups", "tag-group", 25),
        ("catalog_items", "catalog-item", 100),
        ("tracking_settings", "tracking-setting", 1),
        ("data_sources", "data-source", 100),
        ("object_types", "object-type", 100),
        ("reviews", "review", 100),
    ],
)
def test_a_list_costs_its_pages_at_the_largest_size(shop, name, kind, size):
    assert asked(shop, name) == {BY_NAME[name].path: pages(of(shop, kind), size)}
    if f"per {size}" in str(BY_NAME[name].__doc__):
        return
    assert "One request" in str(BY_NAME[name].__doc__) or size == 1


def test_events_and_profiles_cost_few_requests_beside_their_pages(shop):
    """The windows that are cut around the pages cost some: a first look, and the end of the range."""
    assert asked(shop, "events")["/api/events"] <= pages(2500, 1000) + 3
    assert asked(shop, "profiles")["/api/profiles"] <= pages(150, 100) + 4
