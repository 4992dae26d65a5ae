"""What a user can configure: what each thing does to the settings, to the catalog, and to the rows of a plain sync.

The rows are worked out from those of one sync that asks for all there is, in the order that the documentation
promises: rows and columns that are asked for, types of the catalog, the account, stream maps, flattening.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from singer_sdk.helpers._flattening import flatten_record, flatten_schema

from tap_klaviyo.sandbox import Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, Any]

LISTS, EVENTS, CODES, MEMBERS, REPORT, TAGS = STREAMS = (
    *("lists", "events", "coupon_codes", "list_profiles", "flows_by_month", "my_tags"),
)
"""One of each kind: a list, windows, a fan-out, a link table, a report, a custom stream."""

OWN = {
    "reports": [{"name": REPORT, "report": "flow_values", "statistics": ["opens", "clicks", "conversion_value"]}],
    "custom_streams": [
        {
            "name": TAGS,
            "path": "/api/tags",
            "flatten_attributes": True,
            "schema": {"fields": {"id": "string", "name": "string", "links": {"self": "string"}}},
        }
    ],
}


def shop() -> Shop:
    """A shop that is small, and the same each time."""
    return Shop(events=300, profiles=60)


LIST_IDS = [one.id for one in shop().resources("list")][:5]
MIDDLE = sorted(int(one.attributes["timestamp"]) for one in shop().resources("event"))[150]
METRICS = ["Placed Order (WooCommerce)", "Opened Email", "Viewed Product"]
METRIC_IDS = {
    one.id
    for one in shop().resources("metric")
    if f"{one.attributes['name']} ({(one.attributes['integration'] or {}).get('name')})" in METRICS
    or one.attributes["name"] in METRICS
}

DESELECTED = {LISTS: ["opt_in_process"], EVENTS: ["uuid", "metric_name"], CODES: ["expires_at"], REPORT: ["clicks"]}
HASHED = {
    LISTS: "name",
    EVENTS: "profile_id",
    CODES: "unique_code",
    MEMBERS: "profile_id",
    REPORT: "flow_id",
    TAGS: "id",
}
REMOVED = {LISTS: "created", EVENTS: "event_properties", CODES: "status", REPORT: "opens", TAGS: "links"}
RETYPED = {EVENTS: "timestamp", REPORT: "conversion_value"}
KEPT: dict[str, Callable[[Row], bool]] = {
    LISTS: lambda row: row["id"] in LIST_IDS,
    EVENTS: lambda row: row["timestamp"] >= MIDDLE,
    CODES: lambda row: row["status"] == "USED",
}


@dataclass(frozen=True)
class Table:
    """The rows of a stream with their columns' schemas."""

    rows: list[Row]
    columns: Mapping[str, Any]

    def without(self, *names: str) -> Table:
        """The table without some columns."""
        kept = {name: kind for name, kind in self.columns.items() if name not in names}
        return Table([{name: value for name, value in row.items() if name in kept} for row in self.rows], kept)


@dataclass(frozen=True, eq=False)
class Option:
    """One thing that a user can configure; ``place`` is its turn among those that change the rows."""

    name: str
    place: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    """Settings; `stream_options` of several are merged by stream."""
    catalog: Callable[[dict[str, Any]], None] | None = None
    """Edits the entry of a stream."""
    rows: Callable[[str, Table], Table] | None = None

    def __repr__(self) -> str:
        return self.name


def _metadata(entry: dict[str, Any], *names: str) -> list[dict[str, Any]]:
    return [item["metadata"] for item in entry["metadata"] if item["breadcrumb"] and item["breadcrumb"][1] in names]


def _deselect(entry: dict[str, Any]) -> None:
    for found in _metadata(entry, *DESELECTED.get(entry["tap_stream_id"], ())):
        found["selected"] = False


def _deselect_key(entry: dict[str, Any]) -> None:
    for found in _metadata(entry, *entry["key_properties"]):
        found["selected"] = False


def _full_table(entry: dict[str, Any]) -> None:
    entry["replication_method"] = "FULL_TABLE"


def _retype(entry: dict[str, Any]) -> None:
    name = RETYPED.get(entry["tap_stream_id"])
    if name is not None:
        entry["schema"]["properties"][name] = {"type": ["string", "null"]}


def _retyped(stream: str, table: Table) -> Table:
    name = RETYPED.get(stream)
    if name is None or name not in table.columns:
        return table
    rows = [row | {name: None if row[name] is None else str(row[name])} for row in table.rows]
    return Table(rows, {**table.columns, name: {"type": ["string", "null"]}})


def _with_account(stream: str, table: Table) -> Table:  # noqa: ARG001 - it is the same for all
    (account,) = shop().resources("account")
    return Table(
        [{"account_id": account.id, **row} for row in table.rows], {"account_id": {"type": "string"}, **table.columns}
    )


def _mapped(stream: str, table: Table) -> Table:
    values = [row[HASHED[stream]] for row in table.rows]
    hashed = [one and hashlib.md5(one.encode()).hexdigest() for one in values]  # noqa: S324 - what the map says
    left = table.without(REMOVED.get(stream, ""))
    rows = [row | {"hashed": found} for row, found in zip(left.rows, hashed, strict=True)]
    return Table(rows, {**left.columns, "hashed": {"type": ["string", "null"]}})


def _flattened(stream: str, table: Table) -> Table:  # noqa: ARG001 - likewise
    schema = flatten_schema({"type": "object", "properties": dict(table.columns)}, max_level=1)
    return Table([flatten_record(row, schema, max_level=1) for row in table.rows], schema["properties"])


def _of_metrics(stream: str, table: Table) -> Table:
    return replace(table, rows=[row for row in table.rows if stream != EVENTS or row["metric_id"] in METRIC_IDS])


def _filtered(stream: str, table: Table) -> Table:
    keep = KEPT.get(stream)
    return table if keep is None else replace(table, rows=[row for row in table.rows if keep(row)])


_MAPS = {
    stream: {"hashed": f"md5({name})", **({REMOVED[stream]: None} if stream in REMOVED else {})}
    for stream, name in HASHED.items()
}
_FILTERS = {
    LISTS: f"any(id,{LIST_IDS})".replace("'", '"').replace(", ", ","),
    EVENTS: f"greater-or-equal(timestamp,{MIDDLE})",
    CODES: "equals(status,'USED')",
}

INCLUDE = Option(
    "include",
    config={"stream_options": {LISTS: {"include": ["tags"]}, EVENTS: {"include": ["profile"]}}},
)
ADDITIONAL_FIELDS = Option(
    "additional_fields", config={"stream_options": {LISTS: {"additional_fields": ["profile_count"]}}}
)
BROUGHT = {
    INCLUDE: {LISTS: ["tag_ids", "tags"], EVENTS: ["profile"]},
    ADDITIONAL_FIELDS: {LISTS: ["profile_count"]},
}
"""Columns that are there with an option alone."""
BATCH, POLLING = Option("batch"), Option("polling")
"""How rows leave, and how often they are read: neither changes any."""
OPTIONS = (
    INCLUDE,
    ADDITIONAL_FIELDS,
    Option(
        "filter", 1, {"stream_options": {stream: {"filter": one} for stream, one in _FILTERS.items()}}, rows=_filtered
    ),
    Option("metrics", 1, {"stream_options": {EVENTS: {"metrics": METRICS}}}, rows=_of_metrics),
    Option("selection", 2, catalog=_deselect, rows=lambda stream, table: table.without(*DESELECTED.get(stream, ()))),
    Option("key deselected", catalog=_deselect_key),
    Option("FULL_TABLE", catalog=_full_table),
    Option("retyped", 3, catalog=_retype, rows=_retyped),
    Option("account id", 4, {"include_account_id": True}, rows=_with_account),
    Option("stream maps", 5, {"stream_maps": _MAPS}, rows=_mapped),
    Option("flattening", 6, {"flattening_enabled": True, "flattening_max_depth": 1}, rows=_flattened),
    BATCH,
    POLLING,
)
