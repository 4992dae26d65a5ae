"""Custom objects: types, schemas, records, what failed to be ingested, sources and mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Link, Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

TYPES, SOURCES = 4, 22
# of the first type, each over one page
_RECORDS, _LOGS = 120, 130


def made(maker: Maker) -> list[Resource]:
    """Return all resources of this part."""
    found = [_source(maker, index) for index in range(SOURCES)]
    type_ids = [maker.ulid("object-type", index) for index in range(TYPES)]
    for index, type_id in enumerate(type_ids):
        found += _object_type(maker, index, type_ids)
        found += _records(maker, index, type_id)
    found.append(Resource("profile-object-type", "profile"))
    found.append(Resource("profile-object-schema", "profile"))
    return found


def _source(maker: Maker, index: int) -> Resource:
    attributes = {
        "title": f"Source {index}",
        "description": "",
        "namespace": "custom-objects",
        "visibility": "private" if index % 2 else "shared",
    }
    return Resource("data-source", maker.ulid("data-source", index), attributes)


def _object_type(maker: Maker, index: int, type_ids: list[str]) -> list[Resource]:
    schema_ids = [maker.ulid("object-schema", index * 10 + version) for version in range(1 + index)]
    draft = index % 2 == 1
    attributes = {
        "title": f"Subscription {index}",
        "description": "",
        "namespace": "custom-objects",
        "status": "active" if index else "draft",
        "created_at": before_anchor(200 - index),
        "updated_at": before_anchor(50 - index),
    }
    links: dict[str, Link] = {
        "current-schema": schema_ids[0],
        "draft-schema": schema_ids[-1] if draft else None,
        "object-types": [type_ids[(index + 1) % TYPES]] if index else [],
        "profile-object-types": ["profile"],
    }
    found = [Resource("object-type", type_ids[index], attributes, links)]
    for version, schema_id in enumerate(schema_ids):
        mapping_id = maker.ulid("source-mapping", index * 10 + version) if version % 2 == 0 else None
        last = version == len(schema_ids) - 1
        found.append(_schema(schema_id, version, mapping_id, type_ids[index], draft=draft and last))
        if mapping_id is not None:
            found.append(_mapping(maker, mapping_id))
    return found


def _schema(schema_id: str, version: int, mapping_id: str | None, type_id: str, *, draft: bool) -> Resource:
    properties = [
        {"id": 1, "name": "plan", "type": "string", "description": None},
        {"id": 2, "name": "seats", "type": "int", "description": ""},
        {"id": 3, "name": "colors", "type": "list_str", "description": None},
    ]
    attributes = {
        "title": f"Version {version}",
        "description": "",
        "status": "draft" if draft else "active",
        "visibility": "private",
        "properties": properties[: 1 + version % 3],
        "required": ["plan"],
        "published_at": None if draft else before_anchor(150 - version),
    }
    links: dict[str, Link] = {
        "object-type": type_id,
        "source-mapping": mapping_id,
        "object-schemas": [],
        "profile-object-schemas": ["profile"],
    }
    return Resource("object-schema", schema_id, attributes, links)


def _mapping(maker: Maker, mapping_id: str) -> Resource:
    source = {"source_id": maker.ulid("data-source", 0), "id_path": "$.id", "data_path": "$.plan"}
    attributes = {
        "property_mappings": [
            {"id": 1, "type": "simple", "source": source},
            {"id": 2, "type": "constant", "value": 3},
        ],
        "relationship_mappings": [],
    }
    return Resource("source-mapping", mapping_id, attributes)


def _records(maker: Maker, index: int, type_id: str) -> list[Resource]:
    found = []
    for number in range(_RECORDS if index == 0 else index * 3):
        properties: dict[str, Any] = {"plan": f"Plan {number}", "seats": number, "since": "2024-02-30", "note": None}
        record_id = f"{type_id}:::record-{number}"
        found.append(Resource("object-record", record_id, {"record_properties": properties}, {"object-type": type_id}))
    for number in range(_LOGS if index == 0 else index * 2):
        error = {
            "code": "invalid_type",
            "message": "is not an integer",
            "property": "seats",
            "invalid_value": None if number % 3 else "many",
        }
        attributes = {
            "event_type": "validation_error",
            "status": ("error", "warning", "info")[number % 3],
            "summary": f"{number} failed",
            # several failed in one second
            "timestamp": before_anchor(13 - number // 4 * 0.3),
            "errors": [error],
        }
        log_id = maker.uuid("object-ingestion-log", index * 1000 + number)
        record = f"{type_id}:::record-{number}" if number % 5 else None
        links: dict[str, Link] = {"object-type": type_id, "object-record": record}
        found.append(Resource("object-ingestion-log", log_id, attributes, links))
    return found
