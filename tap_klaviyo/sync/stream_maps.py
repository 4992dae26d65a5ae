"""The seam with the SDK's stream maps and flattening: the same for messages and for files."""

from __future__ import annotations

import copy
import hashlib
import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MapExpressionError
from singer_sdk.mapper import (
    CustomStreamMap,
    PluginMapper,
    RemoveRecordTransform,
    SameRecordTransform,
)
from singer_sdk.singerlib import Catalog

from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.records.record_format import Outlet, plain
from tap_klaviyo.sync.flatten_plan import FlattenPlan
from tap_klaviyo.sync.map_names import named_columns, refuse_unknown_names
from tap_klaviyo.sync.mixed_types import settle, settled

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Mapping, Sequence

    from singer_sdk.mapper import StreamMap
    from singer_sdk.streams.core import Stream

    Change = Callable[[dict[str, Any]], Mapping[str, Any] | None]

_WILD = frozenset("*?[")
_FILTER = "__filter__"


class LazyRecord(dict[str, Any]):
    """A record whose raw JSON is decoded if an expression looks at it, and else passed on as it is."""

    def __getitem__(self, name: str) -> Any:
        """Return a value, decoded."""
        return decoded(super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, decoded, if there is one."""
        return decoded(super().get(name, default))

    def copy(self) -> LazyRecord:
        """Return another one, with what is raw still raw."""
        return LazyRecord(self)

    def values(self) -> Any:
        """Return the values, decoded."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """Return names and values, decoded."""
        return [(name, self[name]) for name in self]


def outlets(maps: Sequence[StreamMap], stream: str) -> tuple[Outlet, ...]:
    """Return the streams that a stream's records leave in."""
    return tuple(
        Outlet(
            one.stream_alias,
            None if _changes_nothing(one) else settled(one, _change(one, stream)),
        )
        for one in maps
        if not isinstance(one, RemoveRecordTransform)
    )


def _changes_nothing(one: StreamMap) -> bool:
    return type(one) is SameRecordTransform and not one.flattening_enabled


def _change(one: StreamMap, stream: str) -> Change:
    """Return what maps and flattens records; the SDK's own flattening works out each name anew for every record."""
    if one.flattening_options is None or not one.flattening_enabled:
        return _mapping(one, stream)
    plan = FlattenPlan(one.transformed_schema.get("properties", {}), one.flattening_options)
    if type(one) is SameRecordTransform:
        return lambda record: plan.flatten(plain([record])[0])
    nested = copy.copy(one)
    nested.flattening_options = None
    mapped = _mapping(nested, stream)

    def change(record: dict[str, Any]) -> Mapping[str, Any] | None:
        found = mapped(record)
        return None if found is None else plan.flatten(plain([found])[0])

    return change


def _mapping(one: StreamMap, stream: str) -> Change:
    lock = threading.Lock()  # pages are made in several threads, and the SDK's evaluator keeps the record it is at

    def change(record: dict[str, Any]) -> Mapping[str, Any] | None:
        try:
            with lock:
                changed = one.transform(LazyRecord(record))
        except Exception as error:
            cause = error.__cause__ or error
            msg = (
                f"a stream map of '{stream}' cannot be applied to a record ({type(cause).__name__}); fix the "
                'expression, and guard it if a value may be null: "email.lower() if email else None"'
            )
            raise MapExpressionError(msg) from error
        return None if changed is None else dict(changed)

    return change


class Maps(dict[str, "list[StreamMap]"]):
    """The maps of each stream; the map of one that is not selected is made if somebody asks for it."""

    def __init__(self, maps: Mapping[str, list[StreamMap]], streams: Mapping[str, Stream]) -> None:
        super().__init__(maps)
        self._streams = streams

    def __missing__(self, name: str) -> list[StreamMap]:
        """Return a map that changes nothing."""
        stream = self._streams[name]
        found: list[StreamMap] = [SameRecordTransform(name, stream.schema, stream.primary_keys, None)]
        self[name] = found
        return found


def mapper_of(
    config: Mapping[str, Any], catalog: Catalog, streams: Mapping[str, Stream], logger: logging.Logger
) -> PluginMapper:
    """Make the maps of the streams that are selected; the SDK's own stumble over those that are not.

    Raises:
        SettingsError: An expression would fail at the first record.
    """
    entries = {name: catalog.get_stream(name) for name, stream in streams.items() if stream.selected}
    selected = Catalog((name, entry) for name, entry in entries.items() if entry is not None)
    columns = {name: entry.schema.properties or {} for name, entry in selected.items()}
    maps, unknown = fitting(config.get("stream_maps") or {}, columns, [*streams])
    for name in unknown:
        logger.warning("setting 'stream_maps': unknown stream '%s'; its map has no effect", name)
    closed = {name: found for name, found in columns.items() if not selected[name].schema.additionalProperties}
    refuse_unknown_names(maps, closed)
    mapper = PluginMapper(plugin_config={**config, "stream_maps": maps}, logger=logger)
    mapper.register_raw_streams_from_catalog(selected)
    for found in mapper.stream_maps.values():
        let_hashes_pass_nulls(found)
        for one in found:
            settle(one)
    mapper.stream_maps = Maps(mapper.stream_maps, streams)
    return mapper


def let_hashes_pass_nulls(maps: Sequence[StreamMap]) -> None:
    """Make `md5` and `sha256` of null null: the SDK's own end the stream at the first profile without an e-mail."""
    for one in maps:
        if isinstance(one, CustomStreamMap):
            one.expr_evaluator.functions.update(md5=_hashing("md5"), sha256=_hashing("sha256"))


def _hashing(algorithm: str) -> Callable[[Any], str | None]:
    def digest(value: Any) -> str | None:
        if value is None:
            return None
        return hashlib.new(algorithm, str(value).encode(), usedforsecurity=False).hexdigest()

    return digest


def fitting(
    stream_maps: Mapping[str, Any], columns: Mapping[str, Collection[str]], every: Collection[str]
) -> tuple[dict[str, Any], list[str]]:
    """Spell out the maps with a wildcard, stream by stream; also return the names that no stream has.

    The SDK takes the last map that fits a stream and drops the others. Here all of them count: where two say something
    of the same column, the stream's own one, and of two wildcards the later one. A wildcard's expression is left out if
    the stream lacks a column that it names.

    Args:
        stream_maps: The setting.
        columns: The columns of every selected stream.
        every: The names of all streams.
    """
    found: dict[str, Any] = {}
    unknown: list[str] = []
    for name, definition in sorted(stream_maps.items(), key=lambda item: _WILD.isdisjoint(item[0])):
        source = definition.get("__source__", name) if isinstance(definition, dict) else name
        if name == "__else__":
            found[name] = definition
        elif _WILD.isdisjoint(source):
            own = copy.deepcopy(definition)
            found[name] = _together(found.get(name), own) if source == name else own
            if source not in every:
                unknown.append(source)
        elif source != name:
            found[name] = copy.deepcopy(definition)  # many streams into one: each by the SDK's own matching
        else:
            matching = [stream for stream in columns if fnmatchcase(stream, name)]
            found |= {stream: _together(found.get(stream), _within(definition, columns[stream])) for stream in matching}
            if not any(fnmatchcase(stream, name) for stream in every):
                unknown.append(name)
    return found, unknown


def _together(general: Any, special: Any) -> Any:
    """Return two maps of one stream as one; that a stream is dropped can be combined with nothing."""
    if not (isinstance(general, dict) and isinstance(special, dict)):
        return special
    filters = [one[_FILTER] for one in (general, special) if one.get(_FILTER)]
    both = {_FILTER: " and ".join(f"({condition})" for condition in filters)} if len(filters) > 1 else {}
    return {**general, **special, **both}


def _within(definition: Any, columns: Collection[str]) -> Any:
    if not isinstance(definition, dict):
        return definition
    return {
        name: item
        for name, item in definition.items()
        if name.startswith("__") or named_columns(item, of=name).issubset(columns)
    }
