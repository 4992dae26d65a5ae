"""An entry of `custom_streams`, read once and checked before any request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from tap_klaviyo.config.entries import Entry, read_entries
from tap_klaviyo.contract import Endpoint, Limits
from tap_klaviyo.records.columns import ids_column
from tap_klaviyo.streams.custom.entry_members import (
    body_of,
    headers_of,
    json_path_of,
    keys_of,
    method_of,
    params_of,
    refuse_for_text,
    replication_key_of,
    start_param_of,
)
from tap_klaviyo.streams.custom.location import find_endpoint, location, placeholders
from tap_klaviyo.streams.custom.schema import RecordSchema, lenient_of, parse_schema
from tap_klaviyo.streams.custom.split import Split, parse_split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from tap_klaviyo.http import Origin

SETTING = "custom_streams"
RECORDS_PATH = "$.data[*]"
BOUNDS = frozenset({"start", "end"})
"""Placeholders that the bookmark fills, and not a parent."""

# Where nobody has said what an endpoint allows; the headers of its responses will.
CAUTIOUS = Limits(burst=3, steady=60)

_KNOWN = (
    *("name", "path", "url", "method", "params", "body", "headers", "revision", "format", "schema", "on_cast_error"),
    *("records_path", "flatten_attributes", "primary_keys", "replication_key", "start_param", "filter"),
    *("paging", "cursor_path", "cursor_field", "parent", "split"),
)


@dataclass(frozen=True, slots=True)
class CustomEntry:
    """What a user says of a stream: what is asked, where its records are, and what they are."""

    where: str
    name: str
    path: str
    endpoint: Endpoint
    """The contract's endpoint where the path is one of its, so that the limits are shared."""
    params: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: bool = False
    schema: RecordSchema | None = None
    lenient: bool = False
    records_path: str = RECORDS_PATH
    flatten_attributes: bool = False
    primary_keys: tuple[str, ...] = ()
    replication_key: str | None = None
    start_param: str | None = None
    filter: str | None = None
    paging: str = "next_link"
    cursor_path: str = "$.links.next"
    cursor_field: tuple[str, ...] = ("data", "attributes", "page_cursor")
    parent: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """By the name of a placeholder that a parent fills, the column that says its value in the records."""
    split: Split | None = None

    def fail(self, problem: str) -> NoReturn:
        """Refuse the entry, by what only the other streams show."""
        Entry(self.where, self.name, {}).fail(problem)


def parse_entries(raw: Any, *, taken: AbstractSet[str], origin: Origin, now: datetime) -> Iterator[CustomEntry]:
    """Yield the entries of the setting `custom_streams`.

    Args:
        raw: The setting.
        taken: Names of streams that there are already.
        origin: Where the requests will go.
        now: The start of the sync.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    for entry in read_entries(SETTING, raw, _KNOWN, taken):
        yield _parsed(entry, origin, now)


def _parsed(entry: Entry, origin: Origin, now: datetime) -> CustomEntry:
    path, params = location(entry, origin)
    method = method_of(entry)
    text = entry.choice("format", ("json", "text"), "json") == "text"
    paging = entry.choice("paging", ("next_link", "none", "body_cursor"), "none" if text else "next_link")
    params |= params_of(entry, params)
    body = body_of(entry, method, paging)
    template = entry.string("filter")
    lenient = lenient_of(entry, default=False)
    schema = parse_schema(entry, lenient=lenient)
    records_path = json_path_of(entry, "records_path", RECORDS_PATH)
    if text:
        refuse_for_text(entry)
    replication_key = replication_key_of(entry, schema)
    known = find_endpoint(method, path)
    used = placeholders([path, params, body, template])
    columns = _columns(entry, used, replication_key)
    with_id = not text and records_path == RECORDS_PATH and (schema is None or "id" in schema.kind.members)
    keys = keys_of(entry, schema, tuple(columns.values()), default=with_id)
    split = parse_split(entry, known.filters if known else {}, replication_key, now)
    if split is not None and columns:
        entry.fail("split cannot be combined with parent: parents are read in parallel already")
    return CustomEntry(
        where=entry.where,
        name=entry.name,
        path=path,
        endpoint=_endpoint(method, path, known),
        params=params,
        body=body,
        headers=headers_of(entry),
        text=text,
        schema=schema,
        lenient=lenient,
        records_path=records_path,
        flatten_attributes=entry.flag("flatten_attributes", default=False),
        primary_keys=keys,
        replication_key=replication_key,
        start_param=start_param_of(entry, params, replication_key),
        filter=template,
        paging=paging,
        cursor_path=json_path_of(entry, "cursor_path", "$.links.next"),
        cursor_field=tuple((entry.string("cursor_field") or "data.attributes.page_cursor").split(".")),
        parent=entry.string("parent"),
        columns=columns,
        split=split,
    )


def _endpoint(method: str, path: str, known: Endpoint | None) -> Endpoint:
    """An endpoint that allows nothing by itself: only what the user wrote is sent."""
    return Endpoint(
        method=method,
        path=known.path if known else path,
        resource="",
        collection=True,
        scopes=known.scopes if known else (),
        limits=known.limits if known else CAUTIOUS,
        conditional_limits=known.conditional_limits if known else (),
    )


def _columns(entry: Entry, used: set[str], replication_key: str | None) -> dict[str, str]:
    """Columns by placeholder: what a parent fills is also said in the records."""
    own = sorted(used - BOUNDS)
    parent = entry.string("parent")
    if own and parent is None:
        entry.fail(f"placeholder {{{own[0]}}} needs a parent, whose ids fill it")
    if parent is not None and not own:
        entry.fail("parent fills no placeholder; put one such as {id} into path, params, filter or body")
    if used & BOUNDS and replication_key is None:
        entry.fail("{start} and {end} need a replication_key")
    return {name: ids_column(parent or "").removesuffix("s") if name == "id" else name for name in own}
