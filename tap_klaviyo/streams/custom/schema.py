"""The schema of a user's records, in either form: what the catalog shows, and how a record is made to fit."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.http.redact import brief
from tap_klaviyo.streams.custom import json_schema, schema_short_form
from tap_klaviyo.streams.custom.types import compiled, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from tap_klaviyo.config.entries import Entry
    from tap_klaviyo.streams.custom.types import Cast, Fields, Misfit

_SHOWN = 60


class MisfitError(KlaviyoError):
    """A value that does not fit the schema that the user gave."""


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """What the user says of the records. With ``lenient`` a value that does not fit becomes null."""

    kind: Fields
    json: Mapping[str, Any]
    lenient: bool
    checked: Mapping[str, Any] | None = None
    """The JSON schema as the user wrote it; None for the short form."""

    def caster(self, misfit: Misfit, at: str = "") -> Cast:
        """Compile what makes a record fit."""
        cast = compiled(self.kind, misfit, at)
        check = None if self.checked is None else json_schema.validating(self.checked, misfit)
        return cast if check is None else lambda record: check(cast(record))


def lenient_of(entry: Entry, *, default: bool) -> bool:
    """Return whether `on_cast_error` is null: as that word, or as the null that YAML and JSON make of it."""
    if "on_cast_error" in entry.fields and entry.fields["on_cast_error"] is None:
        return True
    return entry.choice("on_cast_error", ("fail", "null"), "null" if default else "fail") == "null"


def parse_schema(entry: Entry, *, lenient: bool) -> RecordSchema | None:
    """Read the member `schema` of an entry, in either form; None where there is none.

    Raises:
        SettingsError: It is of neither form.
    """
    if not entry.given("schema"):
        return None
    raw = copy.deepcopy(dict(entry.mapping("schema")))
    try:
        if "fields" in raw:
            if len(raw) > 1:
                entry.fail("schema has more than fields; the short form is {fields: {…}} alone")
            kind = schema_short_form.parse(raw["fields"])
            return RecordSchema(kind, schema_of(kind), lenient)
        json_schema.check(raw)
    except (schema_short_form.ShortFormError, json_schema.JsonSchemaError) as error:
        entry.fail(str(error))
    raw["type"] = "object"
    shown = json_schema.nullable(raw) if lenient else raw
    return RecordSchema(json_schema.parse(raw), shown, lenient, checked=raw)


def strict(stream: str, hidden: Collection[str] = ()) -> Misfit:
    """Return what fails a stream for a value that does not fit; of the ``hidden`` columns the value is not shown."""
    inside = re.compile(f"(?:{'|'.join(map(re.escape, hidden))})(?:[^\\w-].*)?", re.DOTALL) if hidden else None

    def misfit(at: str, value: Any, words: str) -> Any:
        secret = inside is not None and (not at or inside.fullmatch(at) is not None)
        held = "is missing or null" if value is None else f"contains {'a value' if secret else shown(value)}"
        wanted = "and must not be" if value is None else f"which does not fit {words}"
        msg = f"field '{at or 'record'}' of '{stream}' {held}, {wanted}; correct the schema, or set on_cast_error: null"
        raise MisfitError(msg)

    return misfit


def lenient(told: Callable[[str], None]) -> Misfit:
    """Return what puts null in the place of a value that does not fit, and tells the field's name."""

    def misfit(at: str, _value: Any, _words: str) -> None:
        told(at)

    return misfit


def shown(value: Any) -> str:
    """A value as a message may show it: short, and without what looks like a secret or an e-mail address."""
    text = brief(str(value), _SHOWN)
    return f"'{text}'" if isinstance(value, str) else f"{text} ({type(value).__name__})"
