"""Additional fields: expensive ones on request, those that cost one request per record too."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from tap_klaviyo.contract import Limits
from tap_klaviyo.http import Http
from tap_klaviyo.sandbox import Fault, Sandbox
from tests.selection.syncing import discovered, keeping, only, select, sync

PREDICTIONS = {
    "average_days_between_orders": ["number", "null"],
    "average_order_value": ["number", "null"],
    "churn_probability": ["number", "null"],
    "expected_date_of_next_order": ["string", "null"],
    "historic_clv": ["number", "null"],
    "historic_number_of_orders": ["number", "null"],
    "predicted_clv": ["number", "null"],
    "predicted_number_of_orders": ["number", "null"],
    "ranked_channel_affinity": ["array", "null"],
    "total_clv": ["number", "null"],
}


def test_subscriptions_come_by_default(shop, catalog):
    found = sync(Sandbox(shop), only(catalog, "profiles"))
    asked = found.asked("/api/profiles")
    assert asked
    assert all(params == {"additional-fields[profile]": "subscriptions"} for params in asked)


def test_naming_none_leaves_them_out(shop):
    options: dict[str, Any] = {"profiles": {"additional_fields": []}}
    found = sync(Sandbox(shop), only(discovered(stream_options=options), "profiles"), stream_options=options)
    assert all(params == {} for params in found.asked("/api/profiles"))
    assert "subscriptions" not in found.schemas["profiles"]["properties"]


def test_predictions_are_one_object_with_typed_members_and_lower_limits(shop):
    options = {"profiles": {"additional_fields": ["predictive_analytics", "subscriptions"]}}
    catalog = only(discovered(stream_options=options), "profiles")
    found = sync(Sandbox(shop), catalog, stream_options=options)
    assert found.asked("/api/profiles")[0] == {"additional-fields[profile]": "predictive_analytics,subscriptions"}
    members = found.schemas["profiles"]["properties"]["predictive_analytics"]["properties"]
    assert {name: schema["type"] for name, schema in members.items()} == PREDICTIONS
    assert members["expected_date_of_next_order"]["format"] == "date-time"
    predictions = [record["predictive_analytics"] for record in found.records["profiles"]]
    assert any(one and one["historic_clv"] for one in predictions)


@pytest.mark.parametrize(
    ("asked", "deselected", "limits"),
    [
        (["predictive_analytics"], (), Limits(10, 150)),
        (["predictive_analytics"], ("predictive_analytics",), Limits(75, 750)),
        (["subscriptions"], (), Limits(75, 750)),
    ],
)
def test_the_limits_of_every_request_follow_from_what_is_asked(asked, deselected, limits, shop):
    options = {"profiles": {"additional_fields": asked, "page_size": 10}}
    catalog = select(only(discovered(stream_options=options), "profiles"), "profiles", dict.fromkeys(deselected, False))
    with mock.patch.object(Http, "send", autospec=True, side_effect=Http.send) as send:
        sync(Sandbox(shop), catalog, stream_options=options)
    requests = [call.args[1] for call in send.call_args_list]
    assert len(requests) > 3  # windows, and next links
    assert {request.limits for request in requests} == {limits}


def test_where_fields_are_sent_an_additional_field_stands_in_both(shop, catalog):
    found = sync(Sandbox(shop), keeping(catalog, "profiles", ["id", "updated", "email", "subscriptions"]))
    assert found.asked("/api/profiles")[0] == {
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "email,subscriptions,updated",
    }


def test_a_definition_that_the_list_gives_costs_no_request_a_record(shop):
    options = {"templates": {"additional_fields": ["definition"]}}
    found = sync(Sandbox(shop), only(discovered(stream_options=options), "templates"), stream_options=options)
    assert {path for path, _ in found.requests} == {"/api/templates"}
    assert found.asked("/api/templates")[0] == {"additional-fields[template]": "definition"}
    assert any(record["definition"] for record in found.records["templates"])


@pytest.mark.parametrize(
    ("stream", "kind", "field", "additional", "a_minute", "minutes"),
    [
        ("lists", "list", "profile_count", True, 15, 67),
        ("segments", "segment", "profile_count", True, 15, 67),
        ("flows", "flow", "definition", True, 60, 17),
        ("forms", "form", "definition", False, 60, 17),
    ],
)
def test_what_only_one_object_gives_costs_a_request_a_record(  # noqa: PLR0913, PLR0917
    stream, kind, field, additional, a_minute, minutes, shop, caplog
):
    options = {stream: {"additional_fields": [field]}}
    catalog = only(discovered(stream_options=options), stream)
    with caplog.at_level("INFO"):
        found = sync(Sandbox(shop), catalog, stream_options=options)
    assert all(params == {} for params in found.asked(f"/api/{stream}"))
    details = found.asked(f"/api/{stream}/{{id}}")
    assert len(details) == len(shop.resources(kind)) == len(found.records[stream])
    wanted = {f"fields[{kind}]": field} | ({f"additional-fields[{kind}]": field} if additional else {})
    assert all(params == wanted for params in details)
    assert any(record[field] is not None for record in found.records[stream])
    told = f"{stream}: {field} needs one request per record ({a_minute}/min): about {minutes} min per 1,000 records."
    assert told in caplog.text


@pytest.mark.parametrize(
    ("stream", "kind", "field"), [("lists", "list", "profile_count"), ("forms", "form", "definition")]
)
def test_an_object_that_cannot_be_read_is_left_out_and_named(stream, kind, field, shop, caplog):
    """Half a record would undo what the warehouse knows of the rest."""
    options = {stream: {"additional_fields": [field]}}
    sandbox = Sandbox(shop)
    sandbox.faults.add(Fault("error", on=frozenset({2}), value=500, path=f"/api/{stream}/{{id}}"))
    found = sync(sandbox, only(discovered(stream_options=options), stream), stream_options=options, retry=0)
    (missing,) = {one.id for one in shop.resources(kind)} - {record["id"] for record in found.records[stream]}
    assert found.failures == [stream]
    assert f"1 row could not be read and left out: {kind} {missing}" in caplog.text


def test_deselected_it_costs_nothing(shop):
    options = {"lists": {"additional_fields": ["profile_count"]}}
    catalog = select(only(discovered(stream_options=options), "lists"), "lists", {"profile_count": False})
    found = sync(Sandbox(shop), catalog, stream_options=options)
    assert {path for path, _ in found.requests} == {"/api/lists"}


def test_a_list_that_is_gone_by_the_time_it_is_asked_stays_as_the_list_showed_it(shop):
    options = {"lists": {"additional_fields": ["profile_count"]}}
    sandbox = Sandbox(shop)
    gone = shop.resources("list")[0].id
    answer = sandbox.respond

    def respond(method, target, headers, body=b""):
        if f"/api/lists/{gone}" in target:
            return answer(method, "/api/lists/nothing?" + target.partition("?")[2], headers, body)
        return answer(method, target, headers, body)

    sandbox.respond = respond  # type: ignore[method-assign]
    found = sync(sandbox, only(discovered(stream_options=options), "lists"), stream_options=options)
    record = next(record for record in found.records["lists"] if record["id"] == gone)
    assert record["name"]
    assert record["profile_count"] is None
