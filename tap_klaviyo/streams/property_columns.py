"""The option `property_columns`: values inside free-form properties as typed columns of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from tap_klaviyo.config.entries import Entry, read_object
from tap_klaviyo.http.redact import brief
from tap_klaviyo.records.columns import Column, Property, Unfit
from tap_klaviyo.records.property_path import PropertyPathError, parse_path
from tap_klaviyo.streams.custom import scalars, schema_short_form
from tap_klaviyo.streams.custom.types import compiled, schema_of
from tap_klaviyo.sync.account import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tap_klaviyo.records.stream_options import StreamOptions
    from tap_klaviyo.streams.custom.types import Type

_SETTING = "property_columns"
_KNOWN = ("property", "type")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def with_property_columns(columns: Sequence[Column], stream: str, options: StreamOptions) -> list[Column]:
    """Return a stream's columns, and those that its options make of properties behind them.

    Args:
        columns: What it has without them.
        stream: Its name.
        options: Its options.

    Raises:
        SettingsError: A name that is taken or no column can have, a path that cannot be read, an unknown type.
    """
    entry = Entry(f"stream_options '{stream}'", stream, {})
    # Warehouses do not tell upper from lower case.
    names = {name.lower() for name in (*(column.name for column in columns), ACCOUNT_ID)}
    found = [*columns]
    for name, raw in options.property_columns.items():
        if not _NAME.fullmatch(name):
            entry.fail(
                f"{_SETTING}: '{brief(name, 40)}' cannot name a column: use letters, digits and underscores, "
                "and begin with no digit"
            )
        if name.lower() in names:
            entry.fail(f"{_SETTING}: the column '{name}' exists already; choose another name")
        names.add(name.lower())
        found.append(_column(entry, name, raw, options.free_form))
    return found


def _column(entry: Entry, name: str, raw: Any, attribute: str) -> Column:
    said = read_object(f"{entry.where}: {_SETTING}.{name}", name, raw, _KNOWN)
    path = said.required("property", "where the value is, such as $value or Items[0].SKU")
    if not said.given("type"):
        said.fail("missing field 'type': the type of the column, such as string, double or timestamp")
    try:
        steps = parse_path(path)
        kind = schema_short_form.parse({name: said.fields["type"]}, _SETTING).members[name]
    except PropertyPathError as error:
        said.fail(f"property: '{brief(path, 40)}' {error}")
    except schema_short_form.ShortFormError as error:
        entry.fail(str(error))
    return Column(name, schema_of(kind), Property(attribute, steps, reading(kind)))


def reading(kind: Type) -> Callable[[Any], Any]:
    """Return what makes values be of a type; one that cannot is `Unfit`."""
    exact, nulling = compiled(kind, _refuse), compiled(kind, _null)

    def read(value: Any) -> Any:
        try:
            return exact(value)
        except scalars.UnfitError:
            return Unfit(nulling(value))

    return read


def _refuse(_at: str, _value: Any, _words: str) -> NoReturn:
    raise scalars.UnfitError


def _null(_at: str, _value: Any, _words: str) -> None:
    return None
