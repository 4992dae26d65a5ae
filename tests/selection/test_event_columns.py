"""The columns that every event has beside Klaviyo's attributes."""

from __future__ import annotations

from typing import Any

import pytest

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tests.selection.syncing import discovered, keeping, only, sync

NOTHING = dict.fromkeys(("campaign_id", "flow_id", "flow_message_id", "variation_id", "value"))
FLOW = {"$flow": "FLOW1", "$message": "MSG1", "$variation": "VAR1", "Campaign Name": "A flow's name for its message"}
CAMPAIGN = {"$message": "CAMP1", "Campaign Name": "Spring", "$variation": "VAR2"}


@pytest.mark.parametrize(
    ("properties", "columns"),
    [
        (FLOW, {"flow_id": "FLOW1", "flow_message_id": "MSG1", "variation_id": "VAR1"}),
        (CAMPAIGN, {"campaign_id": "CAMP1", "variation_id": "VAR2"}),
        ({**CAMPAIGN, "$flow": ""}, {"campaign_id": "CAMP1", "variation_id": "VAR2"}),
        ({"Campaign Name": "A deleted campaign"}, {}),
        ({"$message": "CAMP1"}, {}),  # neither a flow nor a campaign's name says what it is
        ({"$flow": "FLOW1"}, {"flow_id": "FLOW1"}),
        ({"$flow": "FLOW1", "$message": "", "$variation": ""}, {"flow_id": "FLOW1"}),
        ({"$flow": None, "$message": None, "Campaign Name": None}, {}),
        ({"$flow": 17, "$message": 18}, {"flow_id": "17", "flow_message_id": "18"}),
        ({"$value": 9.5, "value": 1}, {"value": 9.5}),
        ({"$value": 0, "value": 1}, {"value": 0}),
        ({"$value": "19.90"}, {"value": 19.9}),
        ({"$value": "", "value": "20"}, {"value": 20}),
        ({"value": 7}, {"value": 7}),
        ({"value": "blue"}, {}),  # free text of the sender, no amount
        ({"value": True}, {}),
        ({"value": {"amount": 1}}, {}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("partly", [False, True])
def test_the_rules(properties, columns, partly, catalog, caplog):
    """With all of the event selected, and with these columns alone."""
    selected = keeping(catalog, "events", ["id", "datetime", *NOTHING]) if partly else only(catalog, "events")
    (record,) = sync(Sandbox(shop_with(properties)), selected).records["events"]
    assert {name: record[name] for name in NOTHING} == {**NOTHING, **columns}
    assert not [line for line in caplog.messages if "does not match its type" in line]


def test_an_amount_that_is_none_is_null_and_named_once(catalog, caplog):
    (record,) = sync(Sandbox(shop_with({"$value": "a lot"})), only(catalog, "events")).records["events"]
    assert record["value"] is None
    assert [line for line in caplog.messages if "value of 'value' in Klaviyo's response does not match" in line]


def shop_with(properties: Any) -> Shop:
    shop = Shop(events=1, profiles=1)
    (event,) = shop.resources("event")
    shop.update("event", event.id, event_properties=properties)
    return shop


def test_properties_are_asked_only_for_what_is_made_of_them(shop, catalog):
    found = sync(Sandbox(shop), keeping(catalog, "events", ["id", "datetime", "flow_id"]))
    assert found.asked("/api/events")[0] == {"fields[event]": "datetime,event_properties"}
    assert found.records["events"][0].keys() == {"id", "datetime", "flow_id"}
    found = sync(Sandbox(shop), keeping(catalog, "events", ["id", "datetime", "metric_id", "profile_id"]))
    assert found.asked("/api/events")[0] == {"fields[event]": "datetime"}
    assert all(record["metric_id"] for record in found.records["events"])


def test_the_metric_is_included_only_for_its_name(shop, catalog):
    found = sync(Sandbox(shop), only(catalog, "events"))
    assert found.asked("/api/events")[0] == {"fields[metric]": "name", "include": "attributions,metric"}
    names = {resource.id: resource.attributes["name"] for resource in shop.resources("metric")}
    assert all(record["metric_name"] == names[record["metric_id"]] for record in found.records["events"])


@pytest.mark.parametrize("include", [[], ["profile"]])
def test_a_key_that_may_not_read_metrics_gets_null_and_one_warning(include, shop, caplog):
    access = Access(scopes={"": {"events:read", "profiles:read"}})
    options = {"events": {"include": include, "page_size": 50}}
    catalog = only(discovered(stream_options=options), "events")
    found = sync(Sandbox(shop, access=access), catalog, stream_options=options)
    assert found.failures == []
    assert len(found.records["events"]) == len(shop.resources("event"))
    assert all(record["metric_name"] is None and record["metric_id"] for record in found.records["events"])
    if include:
        assert any(record["profile"] and record["profile"]["email"] for record in found.records["events"])
    warnings = [line for line in caplog.messages if "the key has no scope for" in line]
    told = (
        "events: the key has no scope for metric, so columns from it are null; to fill them, give the key metrics:read"
    )
    assert warnings == [told]


def test_a_key_that_may_not_read_events_either_is_not_told_of_metrics(shop, catalog, caplog):
    access = Access(scopes={"": {"profiles:read"}})
    found = sync(Sandbox(shop, access=access), only(catalog, "events"))
    assert "events" not in found.records
    assert not [line for line in caplog.messages if "the key has no scope for" in line]
    assert [line for line in caplog.messages if "skipped" in line and "events:read" in line]


def test_a_missing_scope_of_an_include_is_named(shop, caplog):
    access = Access(scopes={"": {"lists:read"}})
    options = {"lists": {"include": ["tags"]}}
    catalog = only(discovered(stream_options=options), "lists")
    found = sync(Sandbox(shop, access=access), catalog, stream_options=options)
    assert "lists" not in found.records
    assert [line for line in caplog.messages if "skipped" in line and "lists:read, tags:read" in line]
