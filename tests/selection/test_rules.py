"""What a catalog selects, as Meltano writes it and as people write it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo.sandbox import Sandbox
from tests.selection.syncing import discovered, only, select, sync

if TYPE_CHECKING:
    from tests.selection.syncing import Synced

ALWAYS = {"id", "updated"}
LOCATION = {
    "address1", "address2", "city", "country", "ip", "latitude", "longitude", "region", "timezone", "zip",
}  # fmt: skip


def profiles(synced: Synced) -> list[dict[str, Any]]:
    found = synced.records["profiles"]
    assert found
    return found


def agree(synced: Synced, stream: str) -> None:
    """The SCHEMA message has what the records have, at every level that the schema knows."""

    def check(schema: dict[str, Any], value: Any) -> None:
        if isinstance(value, dict) and "properties" in schema:
            assert value.keys() <= schema["properties"].keys()
            for name, inner in value.items():
                check(schema["properties"][name], inner)
        if isinstance(value, list):
            for item in value:
                check(schema.get("items", {}), item)

    for record in synced.records[stream]:
        assert record.keys() == synced.schemas[stream]["properties"].keys()
        check(synced.schemas[stream], record)


@pytest.fixture
def selected(meltano_select, catalog, shop):
    """Syncs what Meltano's `select` patterns leave."""
    return lambda *patterns: sync(Sandbox(shop), meltano_select(catalog, *patterns))


@pytest.mark.parametrize(
    ("patterns", "columns", "location"),
    [
        (["profiles.location"], {"location"}, LOCATION),
        (["profiles.location.city"], {"location"}, {"city"}),
        (["profiles.location.*"], {"location"}, LOCATION),
        (["profiles.*", "!profiles.location.city"], None, LOCATION - {"city"}),
        (["profiles.*", "!profiles.location"], None, None),
        (["profiles.*"], None, LOCATION),
        (["profiles"], None, LOCATION),
    ],
)
def test_patterns_of_meltano(patterns, columns, location, selected, catalog):
    synced = selected(*patterns)
    everything = set(discovered_columns(catalog, "profiles"))
    wanted = everything if columns is None else ALWAYS | columns
    if location is None:
        wanted -= {"location"}
    for record in profiles(synced):
        assert record.keys() == wanted
        if location is not None and record["location"] is not None:
            assert record["location"].keys() == location
    agree(synced, "profiles")
    assert synced.records.keys() == {"profiles"}


def discovered_columns(catalog: dict[str, Any], stream: str) -> list[str]:
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    return list(entry["schema"]["properties"])


def test_deep_member_by_meltano(selected):
    synced = selected("profiles.subscriptions.email.marketing.consent")
    assert synced.asked("/api/profiles")[0] == {
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "subscriptions.email.marketing.consent,updated",
    }
    found = [record["subscriptions"] for record in profiles(synced) if record["subscriptions"]]
    assert found
    for name in ("email", "marketing", "consent"):
        assert all(inner.keys() == {name} for inner in found)
        found = [inner[name] for inner in found if inner[name] is not None]
        assert found
    agree(synced, "profiles")


def test_members_of_a_list_of_related_objects_by_meltano(meltano_select, shop):
    options = {"campaigns": {"include": ["campaign-messages"]}}
    catalog = meltano_select(
        discovered(stream_options=options), "campaigns.name", "campaigns.campaign_messages.definition"
    )
    synced = sync(Sandbox(shop), catalog, stream_options=options)
    assert synced.asked("/api/campaigns")[0] == {
        "fields[campaign]": "name,updated_at", "fields[campaign-message]": "definition", "include": "campaign-messages"
    }  # fmt: skip
    messages = [message for record in synced.records["campaigns"] for message in record["campaign_messages"]]
    assert messages
    assert all(message.keys() == {"definition"} for message in messages)
    agree(synced, "campaigns")


def by_hand(*metadata: tuple[list[str], dict[str, Any]], **entry: Any) -> dict[str, Any]:
    items = [{"breadcrumb": breadcrumb, "metadata": item} for breadcrumb, item in metadata]
    return {"streams": [{"tap_stream_id": "profiles", "schema": {}, "metadata": items, **entry}]}


STREAM: tuple[list[str], dict[str, Any]] = ([], {"selected": True})
CITY = ["properties", "location", "properties", "city"]


@pytest.mark.parametrize(
    ("metadata", "location"),
    [
        ([], LOCATION),  # what a catalog does not mention follows the stream
        ([(["properties", "location"], {"selected": True}), (CITY, {"selected": False})], LOCATION - {"city"}),
        ([(["properties", "location"], {"selected": False}), (CITY, {"selected": True})], None),
        ([(["properties", "location"], {"selected-by-default": False}), (CITY, {"selected": True})], {"city"}),
        ([(["properties", "location"], {"selected-by-default": False})], None),
        ([(["properties", "location"], {"inclusion": "unsupported", "selected": True})], None),
        ([(["properties", "location"], {"inclusion": "automatic", "selected": False})], LOCATION),
        ([(["properties", "location"], {"selected": "yes"})], LOCATION),  # no boolean says nothing
    ],
)
def test_catalogs_by_hand(metadata, location, shop):
    synced = sync(Sandbox(shop), by_hand(STREAM, *metadata))
    for record in profiles(synced):
        assert ("location" in record) == (location is not None)
        if location is not None and record["location"] is not None:
            assert record["location"].keys() == location
    agree(synced, "profiles")


def test_keys_and_replication_key_cannot_be_deselected(shop):
    off = {"selected": False}
    catalog = by_hand(STREAM, (["properties", "id"], off), (["properties", "updated"], off))
    record = profiles(sync(Sandbox(shop), catalog))[0]
    assert record["id"]
    assert record["updated"]


def test_a_column_that_the_stream_does_not_have_is_named_and_left_out(shop, caplog):
    columns = {"id": {"type": "string"}, "shoe_size": {"type": "integer"}}
    catalog = by_hand(STREAM, (["properties", "shoe_size"], {"selected": True}), schema={"properties": columns})
    synced = sync(Sandbox(shop), catalog)
    assert "shoe_size" not in synced.schemas["profiles"]["properties"]
    agree(synced, "profiles")
    assert "profiles: the catalog selects unknown columns, which are ignored: shoe_size" in caplog.text


def test_the_catalogs_own_schema_of_a_column_stands(catalog, shop):
    changed = only(catalog, "profiles")
    entry = next(entry for entry in changed["streams"] if entry["tap_stream_id"] == "profiles")
    entry["schema"]["properties"]["external_id"] = {"type": ["string", "null"], "maxLength": 64}
    found = sync(Sandbox(shop), changed).schemas["profiles"]["properties"]
    assert found["external_id"]["maxLength"] == 64


def test_an_older_catalog_gets_the_members_that_it_does_not_know(catalog, shop):
    changed = select(only(catalog, "profiles"), "profiles", {"location.zip": False})
    entry = next(entry for entry in changed["streams"] if entry["tap_stream_id"] == "profiles")
    del entry["schema"]["properties"]["location"]["properties"]["city"]
    synced = sync(Sandbox(shop), changed)
    assert synced.schemas["profiles"]["properties"]["location"]["properties"].keys() == LOCATION - {"zip"}


@pytest.mark.parametrize(
    ("keys", "account", "wanted"),
    [
        ([], False, ["id"]),
        (["id"], True, ["account_id", "id"]),  # older than the setting: rows of two accounts would replace each other
        (["account_id", "id"], False, ["id"]),  # and the other way round
        (["id", "email"], False, ["id", "email"]),  # someone's own choice
    ],
)
def test_keys_of_a_catalog(keys, account, wanted, shop):
    off = (["properties", "email"], {"selected": False})
    synced = sync(Sandbox(shop), by_hand(STREAM, off, key_properties=keys), include_account_id=account)
    assert synced.keys["profiles"] == wanted
    assert all(wanted_key in record for wanted_key in wanted for record in profiles(synced))


def test_a_catalog_that_names_no_method_is_read_incrementally(shop):
    synced = sync(Sandbox(shop), by_hand(STREAM))
    assert any("sort" in params for path, params in synced.requests if path == "/api/profiles")
    assert synced.bookmarks["profiles"]["replication_key"] == "updated"
