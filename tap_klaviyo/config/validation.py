"""Checks of the settings, with messages that never repeat a value: a mistyped secret must not be logged."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.exceptions import ValidationError
    from singer_sdk.plugin_base import PluginBase


_DEEPEST = 100


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
    for name, value in config.items():
        if not _is_json(value):
            yield f"setting '{name}' holds NaN, Infinity or half a character, none of which can be sent"
    for error in sorted(Draft202012Validator(schema).iter_errors(config), key=lambda found: list(map(str, found.path))):
        yield _problem(error)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True


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


def from_environment(tap: PluginBase) -> dict[str, Any]:
    """Return the settings of the environment variables, with numbers as numbers; the SDK leaves fractions as text.

    Raises:
        SettingsError: A variable holds what cannot be read.
    """
    found: dict[str, Any] | None
    try:
        found = tap._env_var_config  # noqa: SLF001
    except ValueError:
        found = None
    schemas = tap.config_jsonschema["properties"]
    if found is None:  # outside of the handler: the SDK's error quotes the value, and would be this one's context
        raise SettingsError("; ".join(_unreadable(tap.name, schemas)))
    return {name: _number(value) if _is_of("number", schemas[name]) else value for name, value in found.items()}


def _unreadable(tap: str, schemas: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in schemas.items():
        variable = f"{tap}_{name}".upper().replace("-", "_")
        value = os.environ.get(variable)
        if value is None:
            continue
        if _is_of("integer", schema) and not _reads(int, value):
            yield f"environment variable {variable} must be a whole number"
        elif (_is_of("object", schema) or _is_of("array", schema)) and not _reads(json.loads, value):
            yield f"environment variable {variable} must be JSON"


def _is_of(kind: str, schema: Mapping[str, Any]) -> bool:
    return kind in schema.get("type", ())


def _reads(read: Callable[[str], Any], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value  # the check of the types will say so


def plain(value: Any, level: int = 0) -> Any:
    """Return settings with fractions as floats; the SDK reads those of a file as decimals.

    Raises:
        SettingsError: They are nested too deep.
    """
    if level > _DEEPEST:
        msg = f"the settings are nested deeper than {_DEEPEST} levels"
        raise SettingsError(msg)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {name: plain(inner, level + 1) for name, inner in value.items()}
    return [plain(inner, level + 1) for inner in value] if isinstance(value, list) else value
