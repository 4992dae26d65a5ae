"""What should be asked and what should come, worked out from Klaviyo's document and the rules, not from the tap."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.streams.resource import KlaviyoStream

Path = tuple[str, ...]

NEWEST = "2026-10-15"
CLASSIC = "2026-07-15"
DOCUMENTS = {
    revision: json.loads(resources.files("tap_klaviyo.sandbox").joinpath("documents", f"{revision}.json").read_text())
    for revision in (CLASSIC, NEWEST)
}

# Columns that are made of a free-form attribute.
LIFTED = {
    ("events", "campaign_id"): "event_properties",
    ("events", "flow_id"): "event_properties",
    ("events", "flow_message_id"): "event_properties",
    ("events", "variation_id"): "event_properties",
    ("events", "value"): "event_properties",
    ("flow_messages", "template_id"): "definition",
}
# Columns that are members of an attribute.
NESTED = {
    ("omnichannel_campaigns", "name"): "definition.name",
    ("omnichannel_campaigns", "builder"): "definition.builder",
    ("omnichannel_campaigns", "archived"): "definition.archived",
    ("omnichannel_campaigns", "color"): "definition.color",
    ("omnichannel_campaigns", "description"): "definition.description",
    ("omnichannel_campaigns", "send_settings"): "definition.send_settings",
    ("omnichannel_campaign_messages", "name"): "definition.name",
    ("omnichannel_campaign_messages", "status"): "definition.status",
    ("omnichannel_campaign_messages", "send_options"): "definition.send_options",
    ("omnichannel_campaign_messages", "send_time"): "definition.send_options.send_time",
    ("omnichannel_campaign_messages", "tracking_options"): "definition.tracking_options",
    ("omnichannel_campaign_messages", "ab_test"): "definition.ab_test",
    ("campaign_audiences", "name"): "definition.name",
    ("campaign_audiences", "included"): "definition.included",
    ("campaign_audiences", "excluded"): "definition.excluded",
    ("campaign_audiences", "priority"): "definition.priority",
    ("campaign_variations", "name"): "definition.name",
    ("campaign_variations", "details"): "definition.details",
    **{
        ("campaign_variations", name): f"definition.details.{name}"
        for name in (
            *("channel", "template_id", "subject", "preview_text", "from_email", "from_label"),
            *("reply_to_email", "title", "body"),
        )
    },
}
# What differs in every response comes only if it is asked for.
VOLATILE = {"templates": {"screenshot_url"}}
# Columns that only an include fills: include, type, sparse name.
INCLUDED = {
    ("events", "metric_name"): ("metric", "metric", "name"),
    ("tags", "tag_group_id"): ("tag-group", "tag-group", "id"),
    ("push_tokens", "profile_id"): ("profile", "profile", "id"),
    ("mapped_metrics", "metric_id"): ("metric", "metric", "id"),
    ("mapped_metrics", "custom_metric_id"): ("custom-metric", "custom-metric", "id"),
    ("object_types", "current_schema_id"): ("current-schema", "object-schema", "id"),
    ("object_types", "draft_schema_id"): ("draft-schema", "object-schema", "id"),
    ("object_ingestion_logs", "object_record_id"): ("object-record", "object-record", "id"),
    ("omnichannel_campaign_messages", "campaign_id"): ("campaign", "campaign", "id"),
    ("brand_email_defaults", "brand_button_id"): ("brand-button", "brand-button", "id"),
    ("brand_email_defaults", "brand_logo_id"): ("brand-logo", "brand-logo", "id"),
    ("brand_email_defaults", "brand_social_group_id"): ("brand-social-group", "brand-social-group", "id"),
    ("brand_logos", "image_id"): ("image", "image", "id"),
    ("translations", "campaign_variation_id"): ("campaign-variation", "campaign-variation", "id"),
    ("translations", "flow_message_id"): ("flow-message", "flow-message", "id"),
    ("translations", "template_id"): ("template", "template", "id"),
    ("translations", "template_universal_content_id"): (
        *("template-universal-content", "template-universal-content", "id"),
    ),
    ("text_messaging_senders", "text_messaging_sender_registration_id"): (
        *("text-messaging-sender-registration", "text-messaging-sender-registration", "id"),
    ),
}
# Columns that only an include fills whose type has no attributes, so that no sparse name stands for them.
LINKED = {
    ("events", name): "attributions"
    for name in (
        "attribution_ids",
        "attributed_event_id",
        "attributed_campaign_id",
        "attributed_campaign_message_id",
        "attributed_flow_id",
        "attributed_flow_message_id",
        "attributed_variation_id",
    )
}
# Streams whose records are members of a list inside an attribute ask for that list, whatever is selected.
MEMBER = {
    "profile_suppressions": "subscriptions.email.marketing.suppression",
    "profile_list_suppressions": "subscriptions.email.marketing.list_suppressions",
}


def enum(path: str, parameter: str, revision: str | None = None) -> list[str]:
    """The values that the document of a revision, by default the newest, allows for a parameter."""
    for found in DOCUMENTS[revision or NEWEST]["paths"][path]["get"]["parameters"]:
        if found["name"] == parameter:
            names: list[str] = found["schema"]["items"]["enum"]
            return names
    return []


def inside(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("properties") or schema.get("items", {}).get("properties") or {}
    return found


def paths(schema: Mapping[str, Any], at: Path = ()) -> Iterator[Path]:
    """Every property of a schema, members of objects and of objects in lists too."""
    for name, member in inside(schema).items():
        yield (*at, name)
        yield from paths(member, (*at, name))


def all_leaves(schema: Mapping[str, Any], at: Path) -> set[Path]:
    found = {leaf for name, member in inside(schema).items() for leaf in all_leaves(member, (*at, name))}
    return found or {at}


def leaves(schema: Mapping[str, Any], selected: Mapping[Path, bool], at: Path = ()) -> set[Path]:
    """The leaves that a selection keeps: an object selected without any member is all of its members."""
    if at and not selected[at]:
        return set()
    kept = {leaf for name, member in inside(schema).items() for leaf in leaves(member, selected, (*at, name))}
    return kept or (all_leaves(schema, at) if at else set())


def projected(value: Any, schema: Mapping[str, Any], kept: set[Path], at: Path = ()) -> Any:
    """A full value with only the kept leaves left."""
    if not inside(schema):
        return value
    if isinstance(value, list):
        return [projected(item, schema, kept, at) for item in value]
    if not isinstance(value, dict):
        return value
    whole = bool(at) and all_leaves(schema, at) <= kept
    return {
        name: projected(item, inside(schema).get(name, {}), kept, (*at, name))
        for name, item in value.items()
        if whole or any(leaf[: len(at) + 1] == (*at, name) for leaf in kept)
    }


def sparse(schema: Mapping[str, Any], kept: set[Path], at: Path, allowed: list[str]) -> set[str]:
    every = all_leaves(schema, at)
    if not every & kept:
        return set()
    below = [(*at, name) for name in inside(schema)]
    if every <= kept or any(".".join(path) not in allowed for path in below):
        return {".".join(at)}
    return {name for path in below for name in sparse(inside(schema)[path[-1]], kept, path, allowed)}


def nested(name: str, schema: Mapping[str, Any], kept: set[Path], allowed: list[str]) -> set[str]:
    """The sparse names of the columns that are members of an attribute."""
    found: set[str] = set()
    for column in {leaf[0] for leaf in kept}:
        if (name, column) in NESTED:
            at = tuple(NESTED[name, column].split("."))
            below = {(*at, *leaf[1:]) for leaf in kept if leaf[0] == column}
            found |= sparse(schema["properties"][column], below, at, allowed)
    return found


def parameters(stream: KlaviyoStream, kept: set[Path]) -> dict[str, str]:
    """The query parameters, apart from filter, sort and page, that bring what is kept of a stream's records."""
    name, path, kind = stream.name, stream.path, stream.spec.record_type
    allowed = enum(path, f"fields[{kind}]", stream.revision)
    expensive = enum(path, f"additional-fields[{kind}]", stream.revision)
    schema = stream.schema
    columns = {leaf[0] for leaf in kept}
    own = [column for column in schema["properties"] if column in allowed and column != "id"]
    names = {one for column in own for one in sparse(schema["properties"][column], kept, (column,), allowed)}
    names |= {LIFTED[name, column] for column in columns if (name, column) in LIFTED}
    names |= nested(name, schema, kept, allowed)
    names = {one for one in names if not any(one.startswith(f"{other}.") for other in names)}
    additional = sorted(column for column in columns if column in expensive)
    offered = {one for one in allowed if "." not in one and one not in expensive} - {"id"} - VOLATILE.get(name, set())
    result: dict[str, str] = {}
    includes: dict[str, set[str]] = {}
    for column in columns:
        if (name, column) in INCLUDED:
            include, related, one = INCLUDED[name, column]
            includes[include] = includes.get(include, set()) | {one}
            result[f"fields[{related}]"] = one
        if (name, column) in LINKED:
            includes[LINKED[name, column]] = set()
    if stream.via:
        includes[stream.via] = set()
        result[f"fields[{stream.endpoint.resource}]"] = stream.via_timestamp or "id"
    if allowed not in ([], ["id"]) and (stream.via or not {*offered, *additional} <= names):
        result[f"fields[{kind}]"] = ",".join(sorted(names)) or "id"
    if name in MEMBER:
        result[f"fields[{kind}]"] = MEMBER[name]
        additional = ["subscriptions"]
    if additional:
        result[f"additional-fields[{kind}]"] = ",".join(additional)
    if includes:
        result["include"] = ",".join(sorted(includes))
    return result
