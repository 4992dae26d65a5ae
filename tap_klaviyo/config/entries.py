"""The reader of objects that stand in settings, such as the entries of a list: one wording for each mistake."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from tap_klaviyo.config.errors import KINDS, SettingsError, suggestion
from tap_klaviyo.http.redact import brief

# A hyphen separates the schema from the table in what targets make of a stream's name.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of the settings; each of its readers refuses a value of the wrong kind with a `SettingsError`.

    A field that is null is absent.
    """

    where: str
    """How messages name it: ``custom_streams[2] 'orders'``."""
    name: str
    fields: Mapping[str, Any]

    def fail(self, problem: str) -> NoReturn:
        """Refuse the entry.

        Raises:
            SettingsError: Always.
        """
        msg = f"{self.where}: {problem}"
        raise SettingsError(msg) from None

    def given(self, field: str) -> bool:
        """Whether a field is there and not null."""
        return self.fields.get(field) is not None

    def refuse(self, field: str, why: str) -> None:
        """Refuse a field that has no meaning here."""
        if self.given(field):
            self.fail(f"{field} {why}")

    def only(self, known: Collection[str], within: str = "") -> None:
        """Refuse fields that are not known; ``within`` names the object that they stand in."""
        inner = self.mapping(within) if within else self.fields
        for field in inner:
            if field not in known:
                named = f"{within}.{field}" if within else str(field)
                self.fail(f"unknown field '{brief(named, _SHOWN)}'; {suggestion(str(field), known)}")

    def required(self, field: str, hint: str) -> str:
        """Return a string that must be there; the hint says what it is."""
        value = self.string(field)
        if value is None:
            self.fail(f"missing field '{field}': {hint}")
        return value

    def string(self, field: str) -> str | None:
        """Return a string, without the blanks around it."""
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fail(f"{field} must be a string")
        if not value.strip():
            self.fail(f"{field} must not be empty")
        return value.strip()

    def flag(self, field: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.fields.get(field)
        if value is not None and not isinstance(value, bool):
            self.fail(f"{field} must be true or false")
        return default if value is None else value

    def whole(self, field: str, least: int, most: int | None = None) -> int | None:
        """Return a whole number of a range; one that was written as ``7.0`` counts as one."""
        value = self.fields.get(field)
        if value is None:
            return None
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        fits = isinstance(number, int) and not isinstance(number, bool)
        if not fits or number < least or (most is not None and number > most):
            bounds = f", {least} or more" if most is None else f" from {least} to {most}"
            self.fail(f"{field} must be a whole number{bounds}")
        return int(number)

    def mapping(self, field: str) -> Mapping[str, Any]:
        """Return an object; empty when it is absent."""
        value = self.fields.get(field)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
            self.fail(f"{field} must be an object")
        return value

    def strings(self, field: str) -> tuple[str, ...] | None:
        """Return a list of strings, each once."""
        return self.checked_strings(field, self.fields.get(field))

    def checked_strings(self, field: str, value: Any) -> tuple[str, ...] | None:
        """Return a value as a list of strings, each once; one string is a list of one. Messages call it ``field``."""
        if value is None:
            return None
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self.fail(f"{field} must be a list of strings")
        return tuple(dict.fromkeys(value))

    def choice(self, field: str, allowed: Collection[str], default: str) -> str:
        """Return one of several words."""
        value = self.string(field)
        return default if value is None else self.one_of(field, value, allowed)

    def choices(self, field: str, allowed: Collection[str], default: Iterable[str] = ()) -> tuple[str, ...]:
        """Return a list of words that are allowed; the default when it is empty or absent."""
        return tuple(self.one_of(field, value, allowed) for value in self.strings(field) or ()) or tuple(default)

    def one_of(self, field: str, value: str, allowed: Collection[str]) -> str:
        """Return a value that is allowed."""
        if value not in allowed:
            self.fail(f"{field}: unknown value '{brief(value, _SHOWN)}'; {suggestion(value, allowed)}")
        return value


def read_object(where: str, name: str, raw: Any, known: Collection[str]) -> Entry:
    """Return an object of the settings.

    Raises:
        SettingsError: It is no object, or has unknown fields.
    """
    if not isinstance(raw, Mapping):
        msg = f"{where}: must be {KINDS['object']}"
        raise SettingsError(msg)
    entry = Entry(where, name, raw)
    entry.only(known)
    return entry


def read_entries(setting: str, raw: Any, known: Collection[str], taken: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a setting that defines streams.

    Args:
        setting: The setting's name.
        raw: Its value.
        known: The fields that an entry may have.
        taken: Names of streams that there are already.

    Raises:
        SettingsError: An entry that is no object, has no usable name, or says something unknown.
    """
    if not isinstance(raw, list | tuple):
        msg = f"setting '{setting}' must be {KINDS['array']}"
        raise SettingsError(msg)
    # Warehouses do not tell upper from lower case.
    names = {name.lower(): "another stream" for name in taken}
    for index, fields in enumerate(raw):
        place = f"{setting}[{index}]"
        name = _name(place, fields)
        entry = Entry(f"{place} '{name}'", name, fields)
        if name.lower() in names:
            entry.fail(f"the name is already taken by {names[name.lower()]}; choose another one")
        names[name.lower()] = place
        entry.only(known)
        yield entry


def _name(place: str, fields: Any) -> str:
    name = read_object(place, "", fields, fields).required("name", "the name of the stream")
    if not _NAME.fullmatch(name) or name != fields["name"]:
        msg = f"{place}: name must be letters, digits and underscores, and not begin with a digit"
        raise SettingsError(msg)
    return name
