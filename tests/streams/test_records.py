"""Every stream's records from the shop: complete, true to it, unique by key, and as the schema says.

Under both behaviours of the sandbox, with one sync for each.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

import jsonschema
import pytest

from tap_klaviyo.records.columns import Attribute
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.streams.registry import STREAMS
from tests.behaviours import BOTH, behaving
from tests.streams.documents import DOCUMENTS, expected
from tests.streams.syncing import REPORTS_BEGUN, TODAY, sync

NAMES = sorted(kind.name for kind in STREAMS)
# The column that names the parent, the type that has the children, and how the shop calls them there.
PARENTS = {
    "campaign_messages": ("campaign_id", "campaign", "campaign-messages"),
    "campaign_audiences": ("campaign_id", "campaign", "campaign-audiences"),
    "campaign_variations": ("campaign_message_id", "campaign-message", "campaign-variations"),
    "catalog_variants": ("item_id", "catalog-item", "variants"),
    "conversations": ("profile_id", "profile", "conversations"),
    "coupon_codes": ("coupon_id", "coupon", "coupon-codes"),
    "flow_actions": ("flow_id", "flow", "flow-actions"),
    "flow_messages": ("flow_action_id", "flow-action", "flow-messages"),
    "form_versions": ("form_id", "form", "form-versions"),
    "metric_properties": ("metric_id", "metric", "metric-properties"),
    "object_ingestion_logs": ("object_type_id", "object-type", "object-ingestion-logs"),
    "object_records": ("object_type_id", "object-type", "object-records"),
    "object_schemas": ("object_type_id", "object-type", "schema-versions"),
    "profile_import_errors": ("profile_bulk_import_job_id", "profile-bulk-import-job", "import-errors"),
    "source_mappings": ("object_schema_id", "object-schema", "source-mapping"),
}
LINKS = {
    "campaign_message_tags": ("campaign-message", "tags"),
    "campaign_tags": ("campaign", "tags"),
    "catalog_category_items": ("catalog-category", "items"),
    "event_attributions": ("event", "attributions"),
    "flow_tags": ("flow", "tags"),
    "list_tags": ("list", "tags"),
    "segment_tags": ("segment", "tags"),
}
# Columns of the record's own to-one relationships.
TO_ONE = {
    "events": {"metric_id": "metric", "profile_id": "profile"},
    "mapped_metrics": {"metric_id": "metric", "custom_metric_id": "custom-metric"},
    "object_ingestion_logs": {"object_record_id": "object-record"},
    "object_types": {"current_schema_id": "current-schema", "draft_schema_id": "draft-schema"},
    "omnichannel_campaign_messages": {"campaign_id": "campaign"},
    "push_tokens": {"profile_id": "profile"},
    "text_messaging_senders": {"text_messaging_sender_registration_id": "text-messaging-sender-registration"},
    "tags": {"tag_group_id": "tag-group"},
}


@pytest.fixture(scope="module")
def shop():
    return Shop(events=600, profiles=120)


@pytest.fixture(scope="module", params=BOTH)
def behaviour(request):
    return behaving(request.param)


@pytest.fixture(scope="module")
def run(shop, behaviour):
    """One sync of everything."""
    return sync(Sandbox(shop, now=lambda: TODAY, behaviour=behaviour), state=REPORTS_BEGUN)


def links(view, kind, name):
    return {(parent.id, child) for parent in view.resources(kind) for child in view.related(parent, name)}


def marketing(profile):
    """What a profile says of e-mail; any level may be null."""
    found = profile.attributes["subscriptions"]
    for level in ("email", "marketing"):
        found = (found or {}).get(level)
    return found or {}


def suppressions(shop, name, *keys):
    found: dict[tuple[str, ...], datetime] = {}
    for profile in shop.resources("profile"):
        for one in marketing(profile).get(name) or ():
            key = (profile.id, *(one[key] for key in keys))
            found[key] = max(found.get(key, instant("1970-01-01T00:00:00+00:00")), instant(one["timestamp"]))
    return found


def expected_keys(view, name, kind):
    shop = view.shop
    if name in LINKS:
        return links(view, *LINKS[name])
    if name in {"list_profiles", "segment_profiles"}:
        return {(group, profile) for group, profile, _ in shop.memberships(name.removesuffix("_profiles"))}
    if name == "profile_suppressions":
        return set(suppressions(shop, "suppression", "reason"))
    if name == "profile_list_suppressions":
        return set(suppressions(shop, "list_suppressions", "list_id", "reason"))
    return {(resource.id,) for resource in view.resources(kind)}


def truth(run, name):
    """The shop as the revision sees it that a stream asks."""
    return run.sandbox.view(run.tap.streams[name].endpoint.revision)


def instant(text):
    return datetime.fromisoformat(text)


@cache
def validator(stream):
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def is_date_time(value):
        return not isinstance(value, str) or ("T" in value and datetime.fromisoformat(value).tzinfo is not None)

    schema = {**stream.schema, "additionalProperties": False, "required": list(stream.schema["properties"])}
    return jsonschema.Draft7Validator(schema, format_checker=checker)


def test_a_sync_of_everything_asks_nothing_that_the_strict_shop_refuses(run):
    assert run.sandbox.refused == 0
    assert run.tap.failures == []


def test_a_sync_of_the_default_selection_neither(shop, behaviour):
    default = {kind.name for kind in STREAMS if kind.selected_by_default}
    run = sync(Sandbox(shop, now=lambda: TODAY, behaviour=behaviour), *default)
    assert run.sandbox.refused == 0
    assert run.tap.failures == []
    assert set(run.records) == default


@pytest.mark.parametrize("name", NAMES)
def test_records_are_complete_and_unique(run, name):
    keys = run.keys(name)
    assert len(keys) == len(set(keys)) > 0
    assert set(keys) == expected_keys(truth(run, name), name, run.tap.streams[name].spec.record_type)


def test_there_are_as_many_of_every_readable_type_as_the_sandbox_has(run):
    counts = {revision: run.sandbox.view(revision).counts() for revision in DOCUMENTS}
    found = {name: len(run.records[name]) for name in expected()}
    assert found == {name: counts[revision][kind] for name, (kind, revision) in expected().items()}
    assert all(found.values())


@pytest.mark.parametrize("name", NAMES)
def test_records_are_as_the_schema_says(run, name):
    check = validator(run.tap.streams[name])
    for record in run.records[name]:
        check.validate(record)


@pytest.mark.parametrize("name", sorted(PARENTS))
def test_children_name_their_parent(run, name):
    column, kind, relationship = PARENTS[name]
    expected = links(truth(run, name), kind, relationship)
    assert {(record[column], record["id"]) for record in run.records[name]} == expected


@pytest.mark.parametrize("name", sorted(TO_ONE))
def test_to_one_columns_are_the_shop_s_links(run, name):
    kind, view = run.tap.streams[name].spec.record_type, truth(run, name)
    for record in run.records[name]:
        resource = view.get(kind, record["id"])
        for column, relationship in TO_ONE[name].items():
            assert [record[column]] == (view.related(resource, relationship) or [None])


def test_flow_messages_name_their_flow_and_template(run, shop):
    templates = set()
    for message in run.records["flow_messages"]:
        action = shop.get("flow-action", message["flow_action_id"])
        assert [message["flow_id"]] == shop.related(action, "flow")
        assert message["template_id"] == message["definition"].get("template_id")
        templates.add(message["template_id"])
    assert len(templates) > 2


def test_campaigns_and_messages_know_their_channel(run, shop):
    assert {record["channel"] for record in run.records["campaigns"]} == {"email", "sms", "mobile_push"}
    assert {record["archived"] for record in run.records["campaigns"]} == {True, False}
    for name in ("campaigns", "campaign_messages"):
        for record in run.records[name]:
            campaign = shop.get("campaign", record.get("campaign_id", record["id"]))
            assert record["channel"] == campaign.hidden["messages.channel"]


def test_members_say_since_when(run, shop):
    for group in ("list", "segment"):
        records = run.records[f"{group}_profiles"]
        found = {
            (record[f"{group}_id"], record["profile_id"], instant(record["joined_group_at"])) for record in records
        }
        assert found == {(*pair, instant(at)) for *pair, at in shop.memberships(group)}


FREE = {"type": "any"}


def same(found, truth, schema):
    """Whether a value is the shop's, in the form that the schema asks for."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if isinstance(truth, dict) and isinstance(found, dict) and "properties" in schema:
        return all(same(found.get(name), truth.get(name), part) for name, part in schema["properties"].items())
    if isinstance(truth, list) and isinstance(found, list) and "items" in schema:
        return len(found) == len(truth) and all(
            same(one, other, schema["items"]) for one, other in zip(found, truth, strict=True)
        )
    if schema.get("format") == "date-time" and isinstance(truth, str):
        return instant(found) == instant(truth)
    if isinstance(truth, dict) and isinstance(found, dict):
        return found.keys() == truth.keys() and all(same(found[name], truth[name], FREE) for name in truth)
    # Live accounts echo some numbers as strings.
    return (
        bool(found == truth)
        or ({"string", "any"} & {*types} and str(truth) == found)
        or ("string" in types and not isinstance(truth, str) and isinstance(found, str))
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name not in LINKS])
def test_attributes_are_the_shop_s(run, name):
    stream, view = run.tap.streams[name], truth(run, name)
    unlisted = stream.spec.columns.contract.unlisted_attributes(stream.spec.record_type)
    held_back = () if run.sandbox.behaviour.unlisted_attributes else unlisted
    columns = [
        column for column in stream.columns if isinstance(column.source, Attribute) and column.name not in held_back
    ]
    for record in run.records[name]:
        resource = view.get(stream.spec.record_type, record[stream.id_column])
        for column in columns:
            if column.name in resource.attributes:
                kept = resource.attributes[column.source.name]
                assert same(record[column.name], kept, column.schema), (column.name, record[column.name], kept)


def test_order_is_kept_where_it_is_declared(run):
    ordered = [kind for kind in STREAMS if kind.is_sorted]
    assert {kind.name for kind in ordered} >= {"events", "profiles", "templates"}
    for kind in ordered:
        instants = [
            instant(record[kind.replication_key]) for record in run.records[kind.name] if record[kind.replication_key]
        ]
        assert instants == sorted(instants), kind.name
