"""The contract's facts, spot-checked against Klaviyo's documentation by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib import resources

import pytest

from tap_klaviyo import contract
from tap_klaviyo.contract.filters import from_bound, until_bound

FACTS = contract.newest()

BETWEEN = ("greater-or-equal", "greater-than", "less-or-equal", "less-than")

# path, page maximum, burst, steady
PAGES_AND_LIMITS = [
    ("/api/accounts", None, 1, 15),
    ("/api/campaigns", 100, 10, 150),
    ("/api/catalog-categories", 100, 350, 3500),
    ("/api/catalog-items", 100, 350, 3500),
    ("/api/catalog-variants", 100, 350, 3500),
    ("/api/coupon-codes", 100, 350, 3500),
    ("/api/coupons", 100, 75, 750),
    ("/api/coupons/{id}/coupon-codes", 100, 75, 750),
    ("/api/custom-metrics", None, 3, 60),
    ("/api/data-sources", 100, 3, 60),
    ("/api/events", 1000, 350, 3500),
    ("/api/events/{id}", None, 10, 150),
    ("/api/flow-actions/{id}/flow-messages", 50, 3, 60),
    ("/api/flows", 50, 3, 60),
    ("/api/flows/{id}/flow-actions", 50, 3, 60),
    ("/api/forms", 100, 3, 60),
    ("/api/images", 100, 10, 150),
    ("/api/lists", 10, 75, 750),
    ("/api/lists/{id}/profiles", 100, 75, 750),
    ("/api/lists/{id}/relationships/profiles", 100, 75, 750),
    ("/api/metrics", None, 10, 150),
    ("/api/metrics/{id}/metric-properties", None, 1, 15),
    ("/api/object-types/{id}/object-records", 100, 3, 60),
    ("/api/profile-bulk-import-jobs", 100, 10, 150),
    ("/api/profiles", 100, 75, 750),
    ("/api/push-tokens", 100, 10, 150),
    ("/api/reviews", 100, 10, 150),
    ("/api/segments", 10, 75, 750),
    ("/api/segments/{id}/profiles", 100, 75, 750),
    ("/api/tag-groups", 25, 3, 60),
    ("/api/tags", 50, 3, 60),
    ("/api/template-universal-content", 100, 75, 750),
    ("/api/templates", 10, 75, 750),
    ("/api/tracking-settings", 1, 10, 150),
    ("/api/web-feeds", 20, 1, 15),
    ("/api/webhooks", None, 1, 15),
]

# path, field, operators with one value, operators with a list
OPERATORS = [
    ("/api/campaigns", "archived", ("equals",), ()),
    ("/api/campaigns", "updated_at", BETWEEN, ()),
    ("/api/coupon-codes", "coupon.id", ("equals",), ("any", "equals")),
    ("/api/events", "datetime", BETWEEN, ()),
    ("/api/events", "metric_id", ("equals",), ("equals",)),
    ("/api/events", "profile", ("has",), ()),
    ("/api/flows", "updated", ("equals", *BETWEEN), ()),
    ("/api/images", "updated_at", BETWEEN, ()),
    ("/api/lists", "updated", ("greater-than",), ()),
    ("/api/lists/{id}/profiles", "joined_group_at", BETWEEN, ()),
    ("/api/profiles", "subscriptions.email.marketing.suppression.timestamp", BETWEEN, ()),
    ("/api/profiles", "updated", ("greater-than", "less-than"), ()),
    ("/api/reviews", "created", ("greater-or-equal", "less-or-equal"), ()),
    ("/api/segments", "is_active", ("equals",), ("any", "equals")),
    ("/api/segments", "updated", ("greater-than",), ()),
]

# path, parameter, value, burst, steady
LOWER_LIMITS = [
    ("/api/lists/{id}", "additional-fields[list]", "profile_count", 1, 15),
    ("/api/lists/{id}/profiles", "additional-fields[profile]", "predictive_analytics", 10, 150),
    ("/api/profiles", "additional-fields[profile]", "predictive_analytics", 10, 150),
    ("/api/profiles/{id}", "include", "lists", 1, 15),
    ("/api/profiles/{id}", "include", "segments", 1, 15),
    ("/api/segments/{id}", "additional-fields[segment]", "profile_count", 1, 15),
    ("/api/segments/{id}/profiles", "additional-fields[profile]", "predictive_analytics", 10, 150),
]


@pytest.mark.parametrize(("path", "page_size", "burst", "steady"), PAGES_AND_LIMITS)
def test_page_maximum_and_limits(path: str, page_size: int | None, burst: int, steady: int) -> None:
    endpoint = FACTS.endpoint(path)
    assert endpoint.page_size == page_size
    assert endpoint.limits == contract.Limits(burst=burst, steady=steady)


@pytest.mark.parametrize(("path", "field", "operators", "list_operators"), OPERATORS)
def test_filter_operators(path: str, field: str, operators: tuple[str, ...], list_operators: tuple[str, ...]) -> None:
    allowed = FACTS.endpoint(path).filters[field]
    assert allowed.operators == operators
    assert allowed.list_operators == list_operators


@pytest.mark.parametrize(("path", "parameter", "value", "burst", "steady"), LOWER_LIMITS)
def test_lower_limits_that_a_parameter_brings(path: str, parameter: str, value: str, burst: int, steady: int) -> None:
    expected = contract.ConditionalLimits(parameter, value, contract.Limits(burst=burst, steady=steady))
    assert expected in FACTS.endpoint(path).conditional_limits


def test_every_conditional_limit_names_what_a_parameter_takes() -> None:
    # a relationships endpoint states the limits of its twin without having the parameter
    for endpoint in FACTS.endpoints().values():
        taken = {f"additional-fields[{kind}]": names for kind, names in endpoint.additional_fields.items()}
        taken["include"] = endpoint.include
        for limit in endpoint.conditional_limits:
            if "/relationships/" not in endpoint.path:
                assert limit.value in taken[limit.parameter], endpoint.path


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/api/metrics", 200),
        ("/api/catalog-item-bulk-create-jobs", 100),
        ("/api/coupon-code-bulk-create-jobs", 100),
        ("/api/object-types/{id}/object-ingestion-logs", 50),
    ],
)
def test_page_size_where_there_is_no_such_parameter(path: str, size: int) -> None:
    endpoint = FACTS.endpoint(path)
    assert endpoint.page_size is None
    assert endpoint.fixed_page_size == size
    assert endpoint.cursor


def test_ingestion_logs_come_newest_first_and_reach_two_weeks_back() -> None:
    logs = FACTS.endpoint("/api/object-types/{id}/object-ingestion-logs")
    assert logs.newest_first
    assert logs.retention_days == 14
    assert not FACTS.endpoint("/api/events").newest_first


@pytest.mark.parametrize(
    ("revision", "required"),
    [
        ("2026-07-15", {"/api/campaigns": ("messages.channel",), "/api/coupon-codes": ("coupon.id", "profile.id")}),
        ("2026-10-15", {"/api/coupon-codes": ("coupon.id", "profile.id")}),
    ],
)
def test_required_filters(revision: str, required: dict[str, tuple[str, ...]]) -> None:
    endpoints = contract.revision(revision).endpoints().values()
    assert {endpoint.path: endpoint.filter_requires for endpoint in endpoints if endpoint.filter_required} == required


def test_campaign_channels_are_an_enumeration() -> None:
    assert contract.revision("2026-07-15").endpoint("/api/campaigns").filters["messages.channel"].enum == (
        "email",
        "sms",
        "mobile_push",
    )


def test_the_types_of_filter_values() -> None:
    events = FACTS.endpoint("/api/events").filters
    assert (events["datetime"].type, events["datetime"].format) == ("string", "date-time")
    assert events["timestamp"].type == "number"
    assert events["profile"].type == "none"


def test_events_as_a_whole() -> None:
    events = FACTS.endpoint("/api/events")
    assert events.resource == "event"
    assert events.collection
    assert events.scopes == ("events:read",)
    assert events.sort == ("datetime", "-datetime", "timestamp", "-timestamp")
    assert events.include == ("attributions", "metric", "profile")
    assert events.attributes == ("datetime", "event_properties", "timestamp", "uuid")
    assert events.fields["event"] == ("datetime", "event_properties", "id", "timestamp", "uuid")
    assert "location.latitude" in events.fields["profile"]
    assert events.relationships["attributions"] == contract.Relationship("attribution", many=True, linkage=True)
    assert events.relationships["metric"] == contract.Relationship("metric", many=False, linkage=True)


def test_additional_fields_stand_apart_from_what_comes_unasked() -> None:
    profiles = FACTS.endpoint("/api/profiles")
    assert profiles.additional_fields == {"profile": ("subscriptions", "predictive_analytics")}
    assert {"subscriptions", "predictive_analytics"} <= set(profiles.attributes)
    assert not {"subscriptions", "predictive_analytics"} & set(profiles.plain_attributes)
    assert FACTS.endpoint("/api/lists/{id}").additional_fields == {"list": ("profile_count",)}
    assert "profile_count" not in FACTS.endpoint("/api/lists").attributes
    assert "joined_group_at" in FACTS.endpoint("/api/lists/{id}/profiles").plain_attributes
    assert FACTS.endpoint("/api/metrics/{id}/metric-properties").plain_attributes == (
        "inferred_type",
        "label",
        "property",
    )


@pytest.mark.parametrize("revision", contract.revisions())
def test_the_whole_document_is_there(revision: str) -> None:
    pinned = resources.files("tap_klaviyo.sandbox").joinpath("documents", f"{revision}.json")
    paths = json.loads(pinned.read_text())["paths"]
    stated = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert contract.revision(revision).endpoints().keys() == stated
    assert all(path.startswith("/api/") for _, path in stated)


@pytest.mark.parametrize("revision", contract.revisions())
def test_every_endpoint_has_a_scope_and_a_known_resource(revision: str) -> None:
    facts = contract.revision(revision)
    for endpoint in facts.endpoints().values():
        assert endpoint.scopes, endpoint.path
        if endpoint.method == "GET":
            schema = facts.schema(facts.schema_name(endpoint.resource, endpoint))
            assert schema["properties"]["id"] == {"type": "string"}


@pytest.mark.parametrize(
    ("resource_type", "scopes"),
    [
        ("profile", ("profiles:read",)),
        ("template", ("templates:read",)),
        ("campaign-message", ("campaigns:read",)),
        ("push-token", ("profiles:read", "push-tokens:read")),
        ("import-error", ("profiles:read",)),
        ("attribution", ()),
    ],
)
def test_what_an_included_type_takes(resource_type: str, scopes: tuple[str, ...]) -> None:
    assert FACTS.scopes(resource_type) == scopes


def test_the_scopes_of_an_unknown_type() -> None:
    with pytest.raises(contract.UnknownSchemaError, match="'geofence'"):
        FACTS.scopes("geofence")


@pytest.mark.parametrize("revision", contract.revisions())
def test_what_a_sparse_fieldset_takes_is_what_the_response_has(revision: str) -> None:
    for endpoint in contract.revision(revision).endpoints().values():
        if endpoint.method == "GET" and endpoint.resource in endpoint.fields and endpoint.attributes:
            roots = {name.partition(".")[0] for name in endpoint.fields[endpoint.resource]} - {"id"}
            # `meta` is for the related types that these two include, which are of the same type
            related = {"meta"} if endpoint.path in {"/api/object-schemas/{id}", "/api/object-types/{id}"} else set()
            assert roots - related == set(endpoint.attributes), endpoint.path


def test_an_unknown_path_is_named() -> None:
    with pytest.raises(contract.UnknownEndpointError, match=rf"POST /api/events is not in .* {FACTS.revision}"):
        FACTS.endpoint("/api/events", "POST")


def test_the_contract_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FACTS.endpoints()["GET", "/api/x"] = FACTS.endpoint("/api/events")  # type: ignore[index]
    with pytest.raises(AttributeError):
        FACTS.endpoint("/api/events").path = "/api/x"  # type: ignore[misc]


def test_an_unknown_revision_is_told_the_known_ones() -> None:
    with pytest.raises(
        contract.UnknownRevisionError, match="unknown revision '2019-01-15'; this version supports 2026-"
    ):
        contract.revision("2019-01-15")


@pytest.mark.parametrize("name", ["", ".", "..", "../contract", "2026-07-15/schemas"])
def test_a_revision_is_not_a_path(name: str) -> None:
    with pytest.raises(contract.UnknownRevisionError):
        contract.revision(name)


def test_two_revisions_stand_side_by_side() -> None:
    classic, newest = contract.revision("2026-07-15"), contract.newest()
    assert newest.revision == max(contract.revisions())
    assert classic.endpoint("/api/campaigns").filter_required
    assert not newest.endpoint("/api/campaigns").filter_required
    assert "status" in classic.endpoint("/api/campaigns").attributes
    assert newest.relationships("campaign").keys() - classic.relationships("campaign").keys() == {"campaign-audiences"}
    assert newest.scopes("translation") == ("translations:read",)
    with pytest.raises(contract.UnknownSchemaError, match=r"'translation' has no schema .* 2026-07-15"):
        classic.scopes("translation")
    with pytest.raises(contract.UnknownEndpointError, match=r"GET /api/translations is not in .* 2026-07-15"):
        classic.endpoint("/api/translations")


@pytest.mark.parametrize("revision", contract.revisions())
def test_a_contract_cannot_be_changed(revision: str) -> None:
    facts = contract.revision(revision)
    with pytest.raises(AttributeError):
        facts.folder = facts.folder.parent  # type: ignore[misc]
    with pytest.raises(TypeError):
        facts.types()["x"] = facts.types()["profile"]  # type: ignore[index]
    assert contract.revision(revision) == facts


@pytest.mark.parametrize(
    ("path", "field", "lower", "upper"),
    [
        ("/api/events", "datetime", "greater-or-equal(datetime,2024-01-02T03:04:05Z)", "less-than(datetime,{})"),
        ("/api/profiles", "updated", "greater-than(updated,2024-01-02T03:04:04Z)", "less-than(updated,{})"),
        ("/api/lists", "updated", "greater-than(updated,2024-01-02T03:04:04Z)", None),
        ("/api/reviews", "created", "greater-or-equal(created,2024-01-02T03:04:05Z)", "less-or-equal(created,{})"),
        ("/api/tags", "updated", None, None),
    ],
)
def test_bounds_take_the_operators_that_there_are(path, field, lower, upper):
    """No filter holds less than was asked for: fractions are rounded outwards, and an exclusive bound is moved."""
    filters, moment = FACTS.endpoint(path).filters, datetime(2024, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)
    assert from_bound(field, filters, moment) == lower
    assert until_bound(field, filters, moment) == (upper and upper.format("2024-01-02T03:04:06Z"))
