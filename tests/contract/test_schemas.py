"""Stream schemas: loadable by any target, and true for whatever Klaviyo sends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tap_klaviyo import contract
from tools.contract.__main__ import PACKAGE
from tools.contract.schemas import UntypedError, column, united

FACTS = contract.newest()

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "contract/*/schemas/*.json"
SCHEMAS = sorted((path.parents[1].name, path.stem) for path in PACKAGE.glob(FOLDER))


def of_any(name: str) -> dict[str, Any]:
    """Return the schema of the newest revision that has one of that name: classic campaigns have an older one."""
    return contract.revision(max(revision for revision, known in SCHEMAS if known == name)).schema(name)


def nodes(schema: dict[str, Any], trail: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema below ``schema`` with its dotted place."""
    children = {f"{trail}.{name}": child for name, child in schema.get("properties", {}).items()}
    if "items" in schema:
        children[f"{trail}[]"] = schema["items"]
    for place, child in children.items():
        yield place, child
        yield from nodes(child, place)


@pytest.mark.parametrize(("revision", "name"), SCHEMAS)
def test_is_a_json_schema_that_holds_nothing_but_types(revision: str, name: str) -> None:
    schema = contract.revision(revision).schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert next(iter(schema["properties"])) == "id"
    for place, node in nodes(schema):
        assert node.keys() <= {"type", "format", "properties", "items", "additionalProperties"}, place
        assert node.get("format") in {None, "date", "date-time"}, place
        assert place == ".id" or "null" in node["type"], place


@pytest.mark.parametrize(("revision", "name"), SCHEMAS)
def test_a_column_has_one_type(revision: str, name: str) -> None:
    for column_name, node in contract.revision(revision).schema(name)["properties"].items():
        assert len(set(node["type"]) - {"null"}) == 1 or column_name == "id"


@pytest.mark.parametrize(("revision", "name"), SCHEMAS)
def test_a_date_time_by_name_is_one_by_format(revision: str, name: str) -> None:
    for column_name, node in contract.revision(revision).schema(name)["properties"].items():
        if column_name in {"created", "updated", "datetime"} or column_name.endswith("_at"):
            assert node == {"type": ["string", "null"], "format": "date-time"}, column_name


def test_an_event_has_its_second_as_a_number() -> None:
    assert FACTS.schema("events")["properties"]["timestamp"] == {"type": ["integer", "null"]}


def test_profiles_keep_what_only_comes_when_asked_for() -> None:
    profiles = FACTS.schema("profiles")["properties"]
    marketing = profiles["subscriptions"]["properties"]["email"]["properties"]["marketing"]["properties"]
    assert marketing["consent"] == {"type": ["string", "null"]}
    assert marketing["suppression"]["items"]["properties"]["timestamp"]["format"] == "date-time"
    assert profiles["predictive_analytics"]["properties"]["historic_clv"] == {"type": ["number", "null"]}
    assert profiles["email"] == {"type": ["string", "null"]}


def test_a_profile_is_free_of_memberships() -> None:
    assert "joined_group_at" not in FACTS.schema("profiles")["properties"]


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("campaigns", "send_strategy"),
        ("catalog_items", "custom_metadata"),
        ("events", "event_properties"),
        ("flow_actions", "definition"),
        ("flows", "definition"),
        ("forms", "definition"),
        ("metrics", "integration"),
        ("object_records", "record_properties"),
        ("profiles", "properties"),
        ("reviews", "status"),
        ("segments", "definition"),
        ("templates", "definition"),
        ("universal_content", "definition"),
    ],
)
def test_a_free_form_object_stays_open(name: str, attribute: str) -> None:
    assert of_any(name)["properties"][attribute] == {"type": ["object", "null"], "additionalProperties": True}


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("profiles", {"id": "1", "location": {"latitude": "40.7128", "longitude": -74.006}}),
        ("profiles", {"id": "1", "location": {"latitude": "", "longitude": None}, "subscriptions": {"email": None}}),
        ("metrics", {"id": "1", "integration": {}}),
        ("metrics", {"id": "1", "integration": {"category": {"id": 1, "category": "eCommerce"}}}),
        ("metrics", {"id": "1", "integration": {"category": "eCommerce"}}),
        ("metric_properties", {"id": "1", "sample_values": [1, 2.5, "three", False, None]}),
        ("events", {"id": "1", "uuid": None, "datetime": None, "event_properties": {"$value": 2**70, "Items": [1]}}),
        ("campaigns", {"id": "1", "audiences": {"included": ["a"], "excluded": None}, "tracking_options": None}),
        ("catalog_variants", {"id": "1", "price": None, "inventory_quantity": 1.5, "inventory_policy": 2}),
    ],
)
def test_what_klaviyo_sends_is_valid(name: str, record: dict[str, Any]) -> None:
    jsonschema.validate(record, of_any(name))


@pytest.mark.parametrize(
    ("resource_type", "name"),
    [
        ("catalog-category", "catalog_categories"),
        ("import-error", "profile_import_errors"),
        ("metric-property", "metric_properties"),
        ("object-ingestion-log", "object_ingestion_logs"),
        ("profile", "profiles"),
        ("profile-suppression-bulk-create-job", "profile_suppression_bulk_create_jobs"),
        ("template-universal-content", "universal_content"),
        ("attribution", "attributions"),
    ],
)
def test_a_schema_is_named_like_its_stream(resource_type: str, name: str) -> None:
    assert FACTS.schema_name(resource_type) == name
    assert FACTS.schema(name)


@pytest.mark.parametrize("revision", contract.revisions())
def test_there_is_one_schema_for_each_type_in_a_response(revision: str) -> None:
    facts = contract.revision(revision)
    responses = [
        endpoint
        for endpoint in facts.endpoints().values()
        if endpoint.method == "GET" and "/relationships/" not in endpoint.path
    ]
    named = {facts.schema_name(endpoint.resource, endpoint) for endpoint in responses}
    only_included = {"attributions", "profile_object_schemas", "profile_object_types"}
    assert named | only_included == {name for of, name in SCHEMAS if of == revision}


def test_the_campaigns_of_each_model_have_a_name_of_their_own() -> None:
    names = {revision: contract.revision(revision).schema_name("campaign") for revision in contract.revisions()}
    assert names == {"2026-07-15": "campaigns", "2026-10-15": "omnichannel_campaigns"}
    assert contract.newest().schema_name("campaign-message") == "omnichannel_campaign_messages"


def test_a_shape_of_its_own_has_a_schema_of_its_own() -> None:
    facts = contract.newest()
    translated = facts.endpoint("/api/translations/{id}/flow-message")
    assert facts.schema_name("flow-message") == "flow_messages"
    assert facts.schema_name("flow-message", facts.endpoint("/api/translations")) == "translation_flow_messages"
    own = facts.schema(facts.schema_name("flow-message"))["properties"].keys()
    other = facts.schema(facts.schema_name("flow-message", translated))["properties"].keys()
    assert other - own == {"content", "name"}
    assert own - other == {"definition"}


@pytest.mark.parametrize("revision", contract.revisions())
def test_unlisted_attributes_are_columns_that_no_endpoint_lists(revision: str) -> None:
    facts = contract.revision(revision)
    unlisted = {*facts.unlisted_attributes("profile")}
    assert unlisted == {"anonymous_id", "whatsapp_bsuid"}
    assert unlisted <= facts.schema("profiles")["properties"].keys()
    for endpoint in facts.endpoints().values():
        assert not unlisted & {*endpoint.fields.get("profile", ())}, endpoint.path
        assert endpoint.resource != "profile" or not unlisted & {*endpoint.attributes}, endpoint.path
    assert facts.unlisted_attributes("list") == ()


@pytest.mark.parametrize("revision", contract.revisions())
def test_clicks_are_tracked_as_opens_are(revision: str) -> None:
    profiles = contract.revision(revision).schema("profiles")["properties"]
    email = profiles["subscriptions"]["properties"]["email"]["properties"]
    assert email["click_tracking"] == email["open_tracking"]
    assert [*email] == sorted(email)


def test_a_screenshot_is_another_one_each_time() -> None:
    facts = contract.newest()
    assert facts.volatile_attributes("template") == ("screenshot_url",)
    assert "screenshot_url" in facts.schema("templates")["properties"]
    assert facts.volatile_attributes("profile") == ()


@pytest.mark.parametrize("revision", contract.revisions())
def test_included_messages_lack_their_definition(revision: str) -> None:
    facts = contract.revision(revision)
    assert facts.omitted_attributes("campaign-message") == ("definition",)
    assert "definition" in facts.endpoint("/api/campaigns").fields["campaign-message"]
    assert facts.omitted_attributes("profile") == ()


def test_the_definition_of_a_new_campaign_is_typed() -> None:
    definition = contract.newest().schema("omnichannel_campaigns")["properties"]["definition"]
    assert definition["properties"]["archived"] == {"type": ["boolean", "null"]}
    assert definition["properties"]["send_settings"]["properties"]["send_timezone"] == {"type": ["string", "null"]}


def test_the_details_of_a_variation_have_what_its_channels_agree_on() -> None:
    definition = contract.newest().schema("campaign_variations")["properties"]["definition"]
    details = definition["properties"]["details"]
    assert details["additionalProperties"] is True
    for name in ("channel", "template_id", "subject", "body"):
        assert details["properties"][name] == {"type": ["string", "null"]}
    assert "message_hierarchy" not in details["properties"]  # any type at all


def test_each_reader_gets_a_schema_of_their_own() -> None:
    FACTS.schema("events")["properties"].clear()
    assert FACTS.schema("events")["properties"]


@pytest.mark.parametrize("name", ["nothing", "profile"])
def test_an_unknown_schema_is_named(name: str) -> None:
    with pytest.raises(contract.UnknownSchemaError, match=f"'{name}' has no schema"):
        FACTS.schema(name)


def test_an_unknown_resource_type_is_named() -> None:
    with pytest.raises(contract.UnknownSchemaError, match="'geofence' has no schema"):
        FACTS.schema_name("geofence")


OPEN = {"type": ["object", "null"], "additionalProperties": True}


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"type": "string", "enum": ["a"], "pattern": "a"}, {"type": ["string", "null"]}),
        ({"type": "string", "format": "uri"}, {"type": ["string", "null"]}),
        ({"type": "string", "format": "date"}, {"type": ["string", "null"], "format": "date"}),
        ({"type": "object"}, OPEN),
        ({"type": "object", "properties": {}}, OPEN),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, {"type": ["number", "null"]}),
        ({"oneOf": [{"type": "string"}, {"type": "number"}]}, {"type": ["number", "string", "null"]}),
        ({"anyOf": [{"type": "string"}, {"type": "object"}]}, OPEN),
        ({"oneOf": [{"$ref": "#/components/schemas/Tree"}]}, OPEN),
        (
            {"type": "object", "required": ["a"], "properties": {"b": {"type": "boolean"}, "a": {"type": "integer"}}},
            {
                "type": ["object", "null"],
                "properties": {"a": {"type": ["integer", "null"]}, "b": {"type": ["boolean", "null"]}},
            },
        ),
        (
            {"$ref": "#/components/schemas/Tree", "nullable": True},
            {
                "type": ["object", "null"],
                "properties": {
                    "branches": {"type": ["array", "null"], "items": OPEN},
                    "name": {"type": ["string", "null"]},
                },
            },
        ),
    ],
)
def test_a_column_from_a_node(node: dict[str, Any], expected: dict[str, Any]) -> None:
    tree = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "branches": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    }
    assert column(node, {"Tree": tree}) == expected


def test_schema_files_are_in_the_package() -> None:
    installed = Path(contract.__file__).parents[1]  # of a wheel, where the tests run on one
    assert {path.relative_to(installed): path.read_text() for path in installed.glob(FOLDER)} == {
        path.relative_to(PACKAGE): path.read_text() for path in PACKAGE.glob(FOLDER)
    }


def test_a_column_without_a_type_is_refused() -> None:
    with pytest.raises(UntypedError, match="without a type"):
        column({"type": "object", "properties": {"a": {"nullable": True}}}, {})


def test_alternatives_are_united_by_what_they_agree_on() -> None:
    left = {"properties": {"a": {"type": "string"}, "b": {"type": "string"}, "c": {}, "d": {"type": "boolean"}}}
    right = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}, "c": {"type": "string"}}}
    expected = {"a": {"type": ["string", "null"]}, "d": {"type": ["boolean", "null"]}}
    assert united([left, right], {}) == {**OPEN, "properties": expected}
