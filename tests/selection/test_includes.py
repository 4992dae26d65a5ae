"""Related resources beside the records: every include of the contract, on every stream that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo import contract
from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.streams.registry import STREAMS
from tests.behaviours import BOTH, behaving
from tests.selection import oracle
from tests.selection.syncing import discovered, keeping, select, small_shop, sync

if TYPE_CHECKING:
    from tests.selection.syncing import Synced

# Records that an include carries have no include of their own there, but another endpoint may give them.
APART = {"campaign_messages": "/api/campaigns/{id}/campaign-messages"}
INCLUDES = {
    stream.name: [
        name
        for name in oracle.enum(APART.get(stream.name, stream.path), "include", stream.revision)
        if name != stream.via
    ]
    for stream in STREAMS
}
# The small shop links nothing there, or its logs are older than Klaviyo keeps them.
NOTHING_LINKED = {
    ("object_ingestion_logs", "object-record"),
    ("object_ingestion_logs", "object-type"),
    ("profile_list_suppressions", "conversations"),
}
PAIRS = [(stream, name) for stream, names in sorted(INCLUDES.items()) for name in names]


def test_there_is_something_to_include():
    assert len(PAIRS) > 20


@pytest.fixture(scope="module", params=BOTH)
def sandbox(request) -> Sandbox:
    return Sandbox(small_shop(), behaviour=behaving(request.param))


@pytest.fixture(scope="module")
def synced(sandbox) -> Synced:
    options = {stream: {"include": names} for stream, names in INCLUDES.items() if names}
    catalog = discovered(stream_options=options)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = item["breadcrumb"] != [] or entry["tap_stream_id"] in options
    found = sync(sandbox, catalog, stream_options=options)
    assert found.failures == []
    return found


def stream_class(name: str) -> Any:
    return next(stream for stream in STREAMS if stream.name == name)


def facts_of(stream: Any) -> contract.Contract:
    return contract.revision(stream.revision) if stream.revision else contract.newest()


def text_attributes(facts: contract.Contract, kind: str, endpoint: contract.Endpoint) -> list[str]:
    properties = facts.schema(facts.schema_name(kind, endpoint))["properties"]
    volatile = facts.volatile_attributes(kind)
    return [
        name for name, schema in properties.items() if schema == {"type": ["string", "null"]} and name not in volatile
    ]


def test_a_related_template_has_no_presigned_address_unless_it_is_asked_for(sandbox):
    def templates(**options):
        options = {"translations": {"include": ["template"], **options}}
        catalog = keeping(discovered(stream_options=options), "translations", ["id", "template"])
        found = sync(sandbox, catalog, stream_options=options)
        return [record["template"] for record in found.records["translations"] if record["template"]]

    plain, named = templates(), templates(fields={"template": ["name", "screenshot_url"]})
    assert plain == templates()
    assert all("screenshot_url" not in template for template in plain)
    assert [template["name"] for template in named] == [template["name"] for template in plain]
    assert any(template["screenshot_url"] for template in named)


@pytest.mark.parametrize(("stream", "include"), PAIRS)
def test_the_related_resource_stands_beside_the_record(stream, include, synced, sandbox):
    declared = stream_class(stream)
    facts = facts_of(declared)
    endpoint = facts.endpoint(APART.get(stream, declared.path))
    relationship = endpoint.relationships[include]
    shop = sandbox.view(facts.revision)
    column = include.replace("-", "_")
    owner_column = declared.via_column if declared.via and stream not in APART else declared.id_column
    checked = 0
    for record in synced.records.get(stream, ()):
        owner = shop.get(endpoint.resource, record[owner_column])
        assert owner is not None
        wanted = [one for one in shop.related(owner, include) if shop.get(relationship.type, one)]
        found = record[column]
        objects = (found or []) if relationship.many else [found] if found else []
        assert [item["id"] for item in objects] == wanted
        if relationship.many:
            singular = column.removesuffix("ies") + "y" if column.endswith("ies") else column.removesuffix("s")
            assert (record[f"{singular}_ids"] or []) == wanted
        for item in objects:
            there = shop.get(relationship.type, item["id"])
            offered = endpoint.fields[relationship.type]
            for name in text_attributes(facts, relationship.type, endpoint):
                if name in offered:
                    assert item[name] == there.attributes.get(name), name
            found = {name for name, value in item.items() if value is not None}
            additional = endpoint.additional_fields.get(relationship.type, ())
            lost = {name for name, value in there.attributes.items() if value is not None and name in offered} - found
            assert lost <= {*facts.volatile_attributes(relationship.type), *additional}
            checked += 1
    assert column in synced.schemas[stream]["properties"]
    assert bool(checked) == ((stream, include) not in NOTHING_LINKED)


def test_an_attribution_is_what_it_links_to(synced, sandbox):
    shop = sandbox.shop
    found = [item for record in synced.records["events"] for item in record["attributions"] or ()]
    assert found
    for item in found:
        there = shop.get("attribution", item["id"])
        for name in contract.newest().relationships("attribution"):
            linked = shop.related(there, name)
            assert item[f"{name.replace('-', '_')}_id"] == (linked[0] if linked else None)
    assert any(item["flow_id"] for item in found)
    assert any(item["campaign_id"] for item in found)


def test_selecting_inside_an_include_asks_for_that_alone(sandbox):
    options = {"events": {"include": ["profile"]}}
    catalog = keeping(discovered(stream_options=options), "events", ["id", "datetime", "profile"])
    inside = {path for path in catalog_paths(catalog, "events") if path.startswith("profile.")}
    catalog = select(catalog, "events", {path: path in {"profile.email", "profile.location.city"} for path in inside})
    catalog = select(catalog, "events", {"profile.location": True})
    found = sync(sandbox, catalog, stream_options=options)
    assert found.asked("/api/events")[0] == {
        "fields[event]": "datetime",
        "fields[profile]": "email,location.city",
        "include": "profile",
    }
    profile = found.schemas["events"]["properties"]["profile"]["properties"]
    assert profile.keys() == {"email", "location"}
    assert profile["location"]["properties"].keys() == {"city"}
    assert all(record["profile"].keys() == profile.keys() for record in found.records["events"] if record["profile"])


def catalog_paths(catalog: dict[str, Any], stream: str) -> list[str]:
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    return [".".join(item["breadcrumb"][1::2]) for item in entry["metadata"] if item["breadcrumb"]]


def test_only_the_ids_of_related_resources(sandbox):
    options = {"lists": {"include": ["tags"]}}
    catalog = keeping(discovered(stream_options=options), "lists", ["id", "updated", "tag_ids"])
    found = sync(sandbox, catalog, stream_options=options)
    assert found.asked("/api/lists")[0] == {"fields[list]": "updated", "fields[tag]": "id", "include": "tags"}
    assert any(record["tag_ids"] for record in found.records["lists"])


def test_carried_records_get_what_their_carrier_includes(sandbox):
    options = {"flow_actions": {"include": ["tags"]}}
    catalog = keeping(discovered(stream_options=options), "flow_actions", ["id", "flow_id", "tags"])
    found = sync(sandbox, catalog, stream_options=options)
    assert found.asked("/api/flows")[0] == {
        "fields[flow]": "id",
        "fields[flow-action]": "id",
        "include": "flow-actions,tags",
    }
    assert any(record["tags"] for record in found.records["flow_actions"])


def test_messages_of_which_their_campaigns_say_all_are_not_asked_for(sandbox):
    found = sync(sandbox, keeping(discovered(), "campaign_messages", ["id", "campaign_id", "channel"]))
    assert {path for path, _ in found.requests} == {"/api/campaigns"}
    messages = sandbox.shop.resources("campaign-message")
    assert {record["id"] for record in found.records["campaign_messages"]} == {one.id for one in messages}


def test_messages_with_their_templates_are_read_campaign_by_campaign(sandbox, caplog):
    options = {"campaign_messages": {"include": ["template"], "fields": {"template": ["name"]}}}
    catalog = keeping(discovered(stream_options=options), "campaign_messages", ["id", "campaign_id", "template"])
    with caplog.at_level("INFO"):
        found = sync(sandbox, catalog, stream_options=options)
    assert all(params == {"fields[campaign]": "id"} for params in found.asked("/api/campaigns"))
    apart = found.asked("/api/campaigns/{id}/campaign-messages")
    assert len(apart) == len(sandbox.shop.resources("campaign"))
    wanted = {"fields[campaign-message]": "id", "fields[template]": "name", "include": "template"}
    assert all(params == wanted for params in apart)
    names = {record["template"]["name"] for record in found.records["campaign_messages"] if record["template"]}
    assert names
    assert (
        "campaign_messages: template needs one request per parent (150/min): about 7 min per 1,000 parents."
        in caplog.text
    )
