"""Settings as they were given, made into what their schema says: files and the environment may hold all as strings."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tap_klaviyo.config.errors import SettingsError

_DEEPEST = 100
_TRUTH = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


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


def typed(config: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with strings read as their types and empty strings left out; what cannot be read stays as it is.

    Whole numbers may have come as ``2.0``.
    """
    return {name: _typed(value, kind(schema, name)) for name, value in config.items() if value != ""}


def _typed(value: Any, wanted: str) -> Any:
    if isinstance(value, str):
        try:
            return from_string(value, wanted)
        except (ValueError, RecursionError):
            return value
    if wanted == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def from_string(text: str, wanted: str) -> Any:
    """Read a string as a value of a JSON type.

    Raises:
        ValueError: It holds no such value.
        RecursionError: It is nested without end.
    """
    match wanted:
        case "boolean":
            if (word := text.strip().lower()) not in _TRUTH:
                raise ValueError
            return _TRUTH[word]
        case "integer":
            try:
                return int(text)
            except ValueError:
                if not (number := float(text)).is_integer():
                    raise
                return int(number)
        case "number":
            return float(text)
        case "array" | "object":
            return _json(text, list if wanted == "array" else dict)
        case _:
            return text


def _json(text: str, wanted: type) -> Any:
    found = json.loads(text)
    if isinstance(found, wanted):
        return found
    raise ValueError


def kind(schema: Mapping[str, Any], name: str) -> str:
    """Return the JSON type of a setting, null apart; a string for an unknown one."""
    types = schema["properties"].get(name, {}).get("type", "string")
    return types if isinstance(types, str) else next(one for one in types if one != "null")


def fill_defaults(config: dict[str, Any], schema: Mapping[str, Any]) -> None:
    """Give what is absent or null the default of its schema."""
    for name, kind in schema["properties"].items():
        if "default" in kind and config.get(name) is None:
            config[name] = copy.deepcopy(kind["default"])
