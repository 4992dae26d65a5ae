"""The options `hash` and `redact` of `stream_options`: which columns leave as hashes, and which as null."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.entries import Entry, read_object
from tap_klaviyo.config.errors import suggestion
from tap_klaviyo.config.stream_options import COMMON, EVERY, MASKS
from tap_klaviyo.http.redact import Secret, brief
from tap_klaviyo.records.columns import Attribute, Mask, MemberOf, Property
from tap_klaviyo.records.field_tree import members
from tap_klaviyo.records.masks import names_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.records.columns import Column, Schema
    from tap_klaviyo.records.masks import Path

Options = Mapping[str, Mapping[str, Any]]
"""The setting `stream_options`."""


def named(options: Options, stream: str) -> Iterator[str]:
    """Yield what the options of a stream, and those of every stream, hash or redact."""
    for entry in entries_of(options, stream):
        for how in MASKS:
            yield from entry.strings(how) or ()


def with_masks(
    columns: Sequence[Column], stream: str, settings: Settings, keys: Collection[str | None]
) -> list[Column]:
    """Return the columns with what hides them; what the stream's own options say wins over those of every stream.

    Args:
        columns: The stream's columns.
        stream: Its name.
        settings: Of which `stream_options` and `hash_salt` count here.
        keys: The columns that rows are told apart or bookmarked by, which can be neither hashed nor redacted.

    Raises:
        SettingsError: An unknown column, one of the keys, a column both ways, or no salt.
    """
    schemas = {column.name: column.schema for column in columns}
    found: dict[Path, Mask] = {}
    for entry in entries_of(settings.stream_options, stream):
        for path, mask in _masks(entry, schemas, settings.hash_salt):
            if path[0] in keys:
                how = "redact" if mask.salt is None else "hash"
                entry.fail(f"{how}: '{path[0]}' is a key of '{stream}', without which rows are lost; leave it out")
            found[path] = mask
    for path, mask in [*found.items()]:
        for twin in _twins(path, columns):
            if twin[0] not in keys:  # pragma: no branch - no key is made of another column's values today
                found.setdefault(twin, replace(mask, path=twin[1:]))
    hidden = {path[0] for path in found}
    return [
        replace(column, masks=tuple(mask for path, mask in found.items() if path[0] == column.name))
        if column.name in hidden
        else column
        for column in columns
    ]


def check_everywhere(options: Options, columns: Iterable[Column]) -> None:
    """Check what the options of every stream name; ``columns`` are those of all streams.

    Raises:
        SettingsError: No stream has such a column.
    """
    raw = options.get(EVERY)
    if raw is None:
        return
    entry = read_object(_where(EVERY), EVERY, raw, COMMON)
    every = [*columns]
    for how in MASKS:
        for name in entry.strings(how) or ():
            if not any(_path(name, {column.name: column.schema}) for column in every):
                _fail_unknown(entry, how, name, {column.name: column.schema for column in every})


def _where(stream: str) -> str:
    return f"stream_options '{stream}'"


def entries_of(options: Options, stream: str) -> Iterator[Entry]:
    """Yield the options of every stream, and then those of this one."""
    for name in (EVERY, stream):
        if options.get(name) is not None:
            yield Entry(_where(name), name, read_object(_where(name), name, options[name], options[name]).fields)


def _masks(entry: Entry, schemas: Mapping[str, Schema], salt: str | None) -> Iterator[tuple[Path, Mask]]:
    hashes, redacted = (entry.strings(how) or () for how in MASKS)
    both = [name for name in hashes if name in redacted]
    if both:
        entry.fail(f"'{brief(both[0], 40)}' is in hash and in redact; choose one of them")
    if hashes and not salt:
        entry.fail("hash needs the setting 'hash_salt': a long random string that is kept secret and never changed")
    secret = Secret(salt) if hashes and salt else None
    for how, names in zip(MASKS, (hashes, redacted), strict=True):
        for name in names:
            if "[" in name:
                entry.fail(f"{how}: '{brief(name, 40)}': every item of a list is hidden; leave out the brackets")
            path = _path(name, schemas)
            if path is not None:
                yield path, Mask(path[1:], secret.reveal if secret and how == "hash" else None)
            elif entry.name != EVERY:
                _fail_unknown(entry, how, name, schemas)


def _fail_unknown(entry: Entry, how: str, name: str, schemas: Mapping[str, Schema]) -> None:
    known = {*schemas, *(f"{column}.{member}" for column, schema in schemas.items() for member in members(schema))}
    entry.fail(f"{how}: unknown column '{brief(name, 40)}'; {suggestion(name, known)}")


def _twins(path: Path, columns: Sequence[Column]) -> Iterator[Path]:
    """Yield where else the values at a path stand: in what a column is made of, and in columns that are made of it.

    A column that is hidden as a whole leaves those that are made of parts of it.
    """
    column, *inside = path
    origin = next(_origin(one) for one in columns if one.name == column)
    place = (*origin, *inside)
    for other in columns:
        from_there = _origin(other)
        if other.name == column or not from_there:
            continue
        if place[: len(from_there)] == from_there:
            yield (other.name, *place[len(from_there) :])
        elif inside and from_there[: len(place)] == place:
            yield (other.name,)


def _origin(column: Column) -> Path:
    """Return the path that leads to a column's values from the attributes of the resource; empty for other values."""
    match column.source:
        case Attribute(name=name):
            return (name,)
        case MemberOf(attribute=name, path=inner) | Property(attribute=name, path=inner):
            names = [name, *(step for step in inner if isinstance(step, str))]
            return tuple(".".join(names).split("."))
    return ()


def _path(name: str, schemas: Mapping[str, Schema]) -> Path | None:
    """Return the column that a name means and the members that follow; None where there is no such column."""
    parts = tuple(name.split("."))
    if not all(parts):
        return None
    for column, end in reversed([*names_on(parts)]):
        if column in schemas and _leads_on(schemas[column], parts[end:]):
            return (column, *parts[end:])
    return None


def _leads_on(schema: Schema, path: Path) -> bool:
    """Whether values of a schema may have something at a path; free-form ones may have anything."""
    if not path:
        return True
    if isinstance(schema.get("items"), dict):
        return _leads_on(schema["items"], path)
    known = members(schema)
    if known:
        return any(name in known and _leads_on(known[name], path[end:]) for name, end in names_on(path))
    types = schema.get("type", "object")
    return bool({"object", "array"}.intersection([types] if isinstance(types, str) else types))
