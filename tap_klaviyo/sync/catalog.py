"""The seam with the SDK's catalog: what it selects, spelt out so that the SDK and this tap see the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.singerlib import Metadata, MetadataMapping, Schema

from tap_klaviyo.config.errors import SettingsError, suggestion
from tap_klaviyo.records.field_tree import members, with_members
from tap_klaviyo.records.masks import masked_schema
from tap_klaviyo.records.selection import Node, breadcrumb_of, choose, path_of, resolve, walk
from tap_klaviyo.sync.overrides import Overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from singer_sdk.singerlib import CatalogEntry

    from tap_klaviyo.records.columns import Chosen, Column

_AUTOMATIC, _AVAILABLE = Metadata.InclusionType.AUTOMATIC, Metadata.InclusionType.AVAILABLE


def is_selected(metadata: MetadataMapping) -> bool:
    """Tell whether a stream is selected; the SDK looks at all its columns to tell, of all streams for one."""
    return MetadataMapping({(): metadata.root}).resolve_selection()[()]


def take_over(
    entry: CatalogEntry,
    columns: Sequence[Column],
    keys: tuple[str, ...],
    replication_key: str | None,
    warn: Callable[[str], None],
) -> list[Chosen]:
    """Return what a catalog selects of a stream, and write it back into the catalog's entry.

    The schema of the entry becomes what the records will have: the catalog's own schema of a column stands, but for
    keys, and values are converted to it; a column that it does not have is not read.

    Raises:
        SettingsError: The catalog wants a replication key that the stream cannot go by, or a type that there is not.
    """
    root = entry.metadata.root
    known = {column.name for column in columns}
    named = [name for name in entry.key_properties or root.table_key_properties or () if name in known]
    # With fewer keys than the stream has (a catalog older than `include_account_id`), rows would replace each other.
    entry.key_properties = list(keys) if {*named} <= {*keys} else named
    methods = (entry.replication_method, root.forced_replication_method)
    _refuse_other_key(entry, replication_key, *methods)
    if not any((entry.replication_key, root.replication_key, *methods)):
        entry.replication_key = replication_key
    metadata = {path_of(breadcrumb): item.to_dict() for breadcrumb, item in entry.metadata.items()}
    automatic = {*keys, *named, replication_key}
    nodes = {**resolve(columns, metadata, {name for name in automatic if name})}
    given = members(entry.schema.to_dict())
    in_schema = {*given, *automatic}
    left_out = [name for name, node in nodes.items() if given and node.selected and name not in in_schema]
    nodes |= {name: Node(selected=False) for name in left_out}
    selected = [column for column in columns if nodes[column.name].selected]
    overrides = Overrides.of(entry.tap_stream_id, selected, given, automatic)
    properties = {
        column.name: masked_schema(
            _selected(overrides.schemas.get(column.name, {}), column.schema, nodes[column.name]), column.masks
        )
        for column in selected
    }
    _tell_unknown(entry.tap_stream_id, metadata, nodes, warn)
    _tell_not_followed(entry.tap_stream_id, left_out, overrides.refused, warn)
    # Records of a stream without a schema may hold more than their columns.
    more = {} if entry.schema.additionalProperties is None else {"additionalProperties": True}
    entry.schema = Schema.from_dict({"type": "object", "properties": properties, **more})
    entry.metadata = MetadataMapping({(): root})
    for path, node in walk(nodes):
        inclusion = _AUTOMATIC if path[0] in automatic else _AVAILABLE
        entry.metadata[breadcrumb_of(path)] = Metadata(inclusion=inclusion, selected=node.selected)
    return choose(columns, nodes, overrides.retyped)


def _refuse_other_key(entry: CatalogEntry, replication_key: str | None, *methods: str | None) -> None:
    wanted = entry.replication_key or entry.metadata.root.replication_key
    if wanted in {None, replication_key} or "FULL_TABLE" in methods:
        return
    remedy = f"use '{replication_key}'" if replication_key else "remove it; the stream is always read in full"
    msg = (
        f"the catalog's replication key '{wanted}' of '{entry.tap_stream_id}' is none that Klaviyo filters by; {remedy}"
    )
    raise SettingsError(msg)


def _selected(given: Mapping[str, Any], own: Mapping[str, Any], node: Node) -> dict[str, Any]:
    schema = dict(given or own)
    if not node.members or not members(schema):
        return schema
    both = {**members(own), **members(schema)}
    kept = {
        name: _selected(members(schema).get(name, {}), members(own)[name], node.members[name])
        if name in node.members
        else member
        for name, member in both.items()
        if name not in node.members or node.members[name].selected
    }
    return with_members(schema, kept)


def _tell_unknown(
    stream: str, metadata: Mapping[tuple[str, ...], Any], nodes: Mapping[str, Node], warn: Callable[[str], None]
) -> None:
    unknown = {path[0] for path, item in metadata.items() if path and path[0] not in nodes and item.get("selected")}
    if unknown:
        names = ", ".join(sorted(unknown))
        warn(
            f"{stream}: the catalog selects unknown columns, which are ignored: {names}; check stream_options, "
            "or run --discover again"
        )


def _tell_not_followed(
    stream: str, left_out: Collection[str], refused: Collection[str], warn: Callable[[str], None]
) -> None:
    if left_out:
        names = ", ".join(left_out)
        warn(f"{stream}: columns that the catalog's schema lacks are not read: {names}; to read them, run --discover")
    if refused:
        names = ", ".join(refused)
        warn(f"{stream}: the catalog's type of {names} is not followed: keys and replication keys keep their own")


def checked(catalog: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a catalog that has the form of one; a stream's second entry replaces its first.

    Raises:
        SettingsError: It has another form; the entry is named.
    """
    entries = catalog.get("streams")
    if not isinstance(entries, list):
        msg = "the catalog has no list 'streams'; create one with --discover"
        raise SettingsError(msg)
    named: dict[str, Any] = {}
    for position, entry in enumerate(entries):
        name = entry.get("tap_stream_id") or entry.get("stream") if isinstance(entry, dict) else None
        if not isinstance(name, str):
            msg = f"the catalog's streams[{position}] has no 'tap_stream_id'; create a catalog with --discover"
            raise SettingsError(msg)
        metadata = entry.get("metadata") or []
        if not isinstance(metadata, list) or not all(map(_is_metadata, metadata)):
            msg = f"the catalog's entry of '{name}' has metadata without a breadcrumb; create it with --discover"
            raise SettingsError(msg)
        if not _is_schema(entry.get("schema") or {}):
            msg = f"the catalog's entry of '{name}' has a schema that cannot be read; create it with --discover"
            raise SettingsError(msg)
        odd = [member for member, fits in _MEMBERS.items() if entry.get(member) is not None and not fits(entry[member])]
        if odd:
            msg = f"the catalog's entry of '{name}' has a {odd[0]} that is none; create it with --discover"
            raise SettingsError(msg)
        named[name] = {**entry, "tap_stream_id": name, "metadata": metadata, "schema": entry.get("schema") or {}}
    return {**catalog, "streams": [*named.values()]}


def _is_metadata(item: Any) -> bool:
    return isinstance(item, dict) and _are_names(item.get("breadcrumb")) and isinstance(item.get("metadata"), dict)


def _are_names(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(word, str) for word in value)


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


# What the SDK takes for such without a look.
_MEMBERS = {"stream": _is_name, "replication_key": _is_name, "key_properties": _are_names}


def _is_schema(value: Any) -> bool:
    """Whether the SDK can read a schema: it takes each that stands inside for an object."""
    if not isinstance(value, dict):
        return False
    members, items, choices = (value.get(name) for name in ("properties", "items", "anyOf"))
    if not isinstance(members, dict | None) or not isinstance(choices, list | None):
        return False
    inner = [*(members or {}).values(), *(choices or ()), *([] if items is None else [items])]
    return all(map(_is_schema, inner))


def what_is_not_read(catalog: Mapping[str, Any], known: Collection[str], selected: Collection[str]) -> Iterator[str]:
    """Yield what a catalog asks for in vain, a warning each."""
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        chosen = any(item["metadata"].get("selected") is True for item in entry["metadata"] if not item["breadcrumb"])
        if name not in known and chosen:
            yield f"the catalog selects the unknown stream '{name}', which is left out; {suggestion(name, known)}"
    if not selected:
        yield (
            'the catalog selects no stream, so nothing is read; set "selected": true in a stream\'s metadata '
            "(breadcrumb []), or with Meltano add the stream to 'select'"
        )


def with_replication_methods(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Take the replication method from a stream's metadata, where Singer says it stands; the SDK looks beside it."""
    return {**catalog, "streams": [{**entry, **_method(entry)} for entry in catalog.get("streams", ())]}


def _method(entry: Mapping[str, Any]) -> dict[str, Any]:
    chosen = [
        item["metadata"].get("replication-method") for item in entry.get("metadata", ()) if not item["breadcrumb"]
    ]
    return {"replication_method": chosen[0]} if chosen and chosen[0] else {}


def with_list_members(catalog: dict[str, Any]) -> dict[str, Any]:
    """Add metadata for the members of lists of objects to a discovered catalog; the SDK stops at objects."""
    for entry in catalog["streams"]:
        known = {tuple(item["breadcrumb"]) for item in entry["metadata"]}
        for breadcrumb in _breadcrumbs(entry["schema"]):
            if breadcrumb not in known:
                entry["metadata"].append({"breadcrumb": list(breadcrumb), "metadata": {"inclusion": "available"}})
    return catalog


def _breadcrumbs(schema: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, member in members(schema).items():
        path = (*at, name)
        yield breadcrumb_of(path)
        yield from _breadcrumbs(member, path)
