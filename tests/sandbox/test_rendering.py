"""Sparse fields, additional fields, linkages, included resources, and the odd shapes of rows."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tap_klaviyo.sandbox import Resource, Sandbox, Shop
from tests.sandbox.callers import get, pages, rows


def first(sandbox: Sandbox, target: str) -> dict[str, Any]:
    data = get(sandbox, target)[1]["data"]
    return dict(data[0] if isinstance(data, list) else data)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("fields%5Blist%5D=name", {"name"}),
        ("fields%5Blist%5D=name,updated", {"name", "updated"}),
        ("fields%5Blist%5D=id", set()),
        ("", {"name", "created", "updated", "opt_in_process"}),
    ],
)
def test_sparse_fields(sandbox: Sandbox, query: str, names: set[str]) -> None:
    row = first(sandbox, f"/api/lists?{query}")

    assert set(row["attributes"]) == names
    assert set(row) == {"type", "id", "attributes", "relationships", "links"}


def test_sparse_fields_reach_into_objects(sandbox: Sandbox) -> None:
    row = first(
        sandbox, "/api/profiles?fields%5Bprofile%5D=location.city,location.zip,email&filter=equals(external_id,'crm-2')"
    )

    assert set(row["attributes"]) == {"location", "email"}
    assert set(row["attributes"]["location"]) == {"city", "zip"}
    whole = first(
        sandbox, "/api/profiles?fields%5Bprofile%5D=location.city,location&filter=equals(external_id,'crm-2')"
    )
    assert "address1" in whole["attributes"]["location"]


def test_sparse_fields_keep_a_null_object(sandbox: Sandbox) -> None:
    nowhere = next(row for row in sandbox.shop.resources("profile") if row.attributes["location"] is None)

    assert first(sandbox, f"/api/profiles/{nowhere.id}?fields%5Bprofile%5D=location.city")["attributes"] == {
        "location": None
    }


@pytest.mark.parametrize(
    ("query", "present"),
    [
        ("", []),
        ("additional-fields%5Bprofile%5D=subscriptions", ["subscriptions"]),
        (
            "additional-fields%5Bprofile%5D=subscriptions,predictive_analytics",
            ["predictive_analytics", "subscriptions"],
        ),
        ("additional-fields%5Bprofile%5D=subscriptions&fields%5Bprofile%5D=email", []),
        ("additional-fields%5Bprofile%5D=subscriptions&fields%5Bprofile%5D=subscriptions", ["subscriptions"]),
        ("fields%5Bprofile%5D=subscriptions", []),
    ],
)
def test_additional_fields_come_when_asked_for(sandbox: Sandbox, query: str, present: list[str]) -> None:
    attributes = first(sandbox, f"/api/profiles?{query}")["attributes"]

    assert sorted(set(attributes) & {"subscriptions", "predictive_analytics"}) == present
    assert len(attributes) > 2 or "fields%5B" in query


def test_attributes_of_other_endpoints_do_not_leak(sandbox: Sandbox) -> None:
    list_id = sandbox.shop.resources("list")[0].id
    members = get(sandbox, f"/api/lists/{list_id}/profiles")[1]["data"]

    assert all("joined_group_at" in row["attributes"] for row in members)
    assert "joined_group_at" not in first(sandbox, "/api/profiles")["attributes"]
    assert "profile_count" not in first(sandbox, f"/api/lists/{list_id}")["attributes"]
    assert first(sandbox, f"/api/lists/{list_id}?additional-fields%5Blist%5D=profile_count")["attributes"][
        "profile_count"
    ] >= len(members)
    assert "definition" not in first(sandbox, "/api/flows")["attributes"]
    assert "definition" not in first(sandbox, "/api/templates")["attributes"]


def test_included_resources_come_once_a_page_with_their_own_sparse_fields(sandbox: Sandbox) -> None:
    query = "include=metric,profile&fields%5Bmetric%5D=name&fields%5Bevent%5D=datetime&page%5Bsize%5D=500"
    for page in pages(sandbox, f"/api/events?{query}"):
        found = [(one["type"], one["id"]) for one in page["included"]]
        linked = {
            (link["data"]["type"], link["data"]["id"])
            for row in page["data"]
            for name, link in row["relationships"].items()
            if name in {"metric", "profile"} and link["data"]
        }
        assert len(found) == len(set(found))
        assert set(found) == linked
        assert all(set(one["attributes"]) == {"name"} for one in page["included"] if one["type"] == "metric")
        assert all("subscriptions" not in one["attributes"] for one in page["included"])


def test_linkages_come_with_their_include_only(sandbox: Sandbox) -> None:
    plain = get(sandbox, "/api/tags")[1]
    included = get(sandbox, "/api/tags?include=tag-group")[1]

    assert "included" not in plain
    assert all(set(link) == {"links"} for row in plain["data"] for link in row["relationships"].values())
    assert all(row["relationships"]["tag-group"]["data"]["type"] == "tag-group" for row in included["data"])
    assert all("data" not in row["relationships"]["lists"] for row in included["data"])
    assert all("data" not in link for row in included["included"] for link in row["relationships"].values())


def test_linkages_to_many(sandbox: Sandbox) -> None:
    found = rows(sandbox, "/api/catalog-items?include=variants")
    linked = {one["id"] for row in found for one in row["relationships"]["variants"]["data"]}

    assert linked == {row.id for row in sandbox.shop.resources("catalog-variant")}


def test_events_carry_metric_and_profile_unasked(sandbox: Sandbox) -> None:
    found = rows(sandbox, "/api/events?page%5Bsize%5D=1000")
    profiles = [row["relationships"]["profile"]["data"] for row in found]

    assert all(row["relationships"]["metric"]["data"]["type"] == "metric" for row in found)
    assert None in profiles
    assert any(profiles)
    assert all("data" not in row["relationships"].get("attributions", {}) for row in found)


def test_attributions_have_linkages_and_no_attributes(sandbox: Sandbox) -> None:
    included = [one for page in pages(sandbox, "/api/events?include=attributions") for one in page["included"]]

    assert included
    assert all("attributes" not in one for one in included)
    assert all(link["data"] for one in included for link in one["relationships"].values())
    assert all({"event", "attributed-event"} <= set(one["relationships"]) for one in included)


def test_relationship_paths_hold_identifiers(sandbox: Sandbox) -> None:
    list_id = sandbox.shop.resources("list")[0].id
    whole = rows(sandbox, f"/api/lists/{list_id}/profiles?sort=joined_group_at")
    identifiers = rows(sandbox, f"/api/lists/{list_id}/relationships/profiles?sort=joined_group_at&page%5Bsize%5D=100")

    assert identifiers == [{"type": "profile", "id": row["id"]} for row in whole]


def test_archived_rows_are_left_out_unless_asked_for(sandbox: Sandbox) -> None:
    def archived(query: str) -> set[bool]:
        return {row["attributes"]["archived"] for row in rows(sandbox, f"/api/flows{query}")}

    assert archived("") == {False}
    assert archived("?filter=equals(archived,true)") == {True}
    assert archived("?filter=equals(archived,false)") == {False}
    channel = quote("equals(messages.channel,'email')")
    assert {row["attributes"]["archived"] for row in rows(sandbox, f"/api/campaigns?filter={channel}")} == {False}


def test_events_have_the_odd_shapes_of_real_ones(sandbox: Sandbox) -> None:
    found = rows(sandbox, "/api/events?page%5Bsize%5D=1000&sort=datetime")
    properties = [row["attributes"]["event_properties"] for row in found]
    text = json.dumps(found, ensure_ascii=False)
    flows = [one for one in properties if one and "$flow" in one]
    campaigns = [one for one in properties if one and "Campaign Name" in one]

    assert found[-1]["attributes"]["datetime"] == "2099-01-01T00:00:00+00:00"
    assert None in properties
    assert {} in properties
    assert any(one and one.get("big", 0) > 2**64 for one in properties)
    assert {row["attributes"]["datetime"][10] for row in found} == {" ", "T"}
    assert any("." in row["attributes"]["datetime"] for row in found)
    assert None in {row["attributes"]["uuid"] for row in found}
    assert "🎉" in text
    assert all(sandbox.shop.get("flow-message", one["$message"]) for one in flows)
    assert all(sandbox.shop.get("campaign", one["$message"]) for one in campaigns if "$message" in one)
    assert any("$message" not in one for one in campaigns)
    assert any("$variation" in one for one in flows + campaigns)
    assert any(isinstance(one.get("value"), str) for one in properties if one)


def test_profiles_have_all_reasons_and_several_at_once(sandbox: Sandbox) -> None:
    subscriptions = [row.attributes["subscriptions"] for row in sandbox.shop.resources("profile")]
    emails = [one["email"] for one in subscriptions]
    marketing = [one["marketing"] for one in emails if one]
    suppressions = [one["suppression"] for one in marketing if one]
    reasons = [[one["reason"] for one in several] for several in suppressions if several]
    lists = [{one["list_id"] for one in several["list_suppressions"] or ()} for several in marketing if several]

    assert None in emails
    assert None in marketing
    assert None in suppressions
    assert [] in suppressions
    assert {reason for one in reasons for reason in one} == {
        "HARD_BOUNCE",
        "INVALID_EMAIL",
        "SPAM_COMPLAINT",
        "UNSUBSCRIBE",
        "USER_SUPPRESSED",
    }
    assert max(map(len, reasons)) > 3
    assert max(map(len, lists)) > 2


def test_metrics_fill_more_than_a_page_and_repeat_a_name(sandbox: Sandbox) -> None:
    chain = list(pages(sandbox, "/api/metrics"))
    names = [row["attributes"]["name"] for page in chain for row in page["data"]]

    assert [len(page["data"]) for page in chain] == [200, 5]
    assert names.count("Placed Order") == 2


def test_what_another_resource_keeps_is_never_stale() -> None:
    fresh = Sandbox(Shop(5, events=0, profiles=3))
    token = fresh.shop.resources("push-token")[0]
    person = token.relationships["profile"]
    before = len(rows(fresh, f"/api/profiles/{person}/push-tokens"))
    fresh.shop.put("push-token", Resource("push-token", "new", token.attributes, token.relationships))
    added = len(rows(fresh, f"/api/profiles/{person}/push-tokens"))
    fresh.shop.delete("push-token", "new")

    assert (before, added, len(rows(fresh, f"/api/profiles/{person}/push-tokens"))) == (1, 2, 1)


def test_a_list_without_a_cursor_is_one_page() -> None:
    fresh = Sandbox(Shop.empty())
    for number in range(120):
        fresh.shop.put("webhook", Resource("webhook", f"{number}", {"name": "w"}, {"webhook-topics": []}))
    page = get(fresh, "/api/webhooks")[1]

    assert len(page["data"]) == 120
    assert set(page["links"]) == {"self"}


def test_what_a_test_changes_is_served_at_once() -> None:
    fresh = Sandbox(Shop(5, events=0, profiles=3))
    person = fresh.shop.resources("profile")[0].id
    fresh.shop.put("list", Resource("list", "NEW123", {"name": "new", "updated": "2025-07-02T00:00:00+00:00"}))
    fresh.shop.join("list", "NEW123", person, "2025-07-02T00:00:00+00:00")

    assert [row["id"] for row in rows(fresh, "/api/lists/NEW123/profiles")] == [person]
    assert ("NEW123", person, "2025-07-02T00:00:00+00:00") in fresh.shop.memberships("list")
    assert "NEW123" in {row["id"] for row in rows(fresh, f"/api/profiles/{person}/lists")}
    fresh.shop.leave("list", "NEW123", person)
    assert rows(fresh, "/api/lists/NEW123/profiles") == []
    fresh.shop.delete("list", "NEW123")
    assert get(fresh, "/api/lists/NEW123")[0] == 404
