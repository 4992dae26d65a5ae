"""Checks of the settings, with messages that never repeat a value: a mistyped secret must not be logged."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.exceptions import ValidationError


class SettingsError(ValueError):
    """Settings that cannot be followed; one line that names the setting, not its value."""


def problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings, a line each."""
    known = schema["properties"]
    for name in config:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(sorted(known))}"
            yield f"setting '{name}' is unknown{hint}"
    for error in sorted(Draft202012Validator(schema).iter_errors(config), key=lambda found: list(map(str, found.path))):
        yield _problem(error)


def _problem(error: ValidationError) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            types = [wanted] if isinstance(wanted, str) else [name for name in wanted if name != "null"]
            what = f"must be of type {' or '.join(types)}"
        case "enum":
            what = f"must be one of {', '.join(map(str, wanted))}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            words = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
            what = f"must be {words.get(str(error.validator), 'less than')} {wanted}"
        case "required":
            what = f"needs {', '.join(wanted)}"
        case _:
            what = "does not have the form that it should have"
    return f"setting '{path}' {what}" if path else f"the settings {what}"


def with_numbers(environment: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings from environment variables with numbers as numbers; the SDK leaves fractions as text."""
    return {
        name: _number(value) if _is_number(schema["properties"][name]) else value for name, value in environment.items()
    }


def _is_number(schema: Mapping[str, Any]) -> bool:
    return "number" in schema.get("type", ())


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value  # the check of the types will say so
