"""The tables of settings."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tap_klaviyo.tap import TapKlaviyo
from tools.docs.pages import code, table

PREFIX = "TAP_KLAVIYO_"
# The SDK's own words are long, and some say less than ours.
_INHERITED = {
    "stream_maps": "Change, drop, alias or add columns and streams, by stream name.",
    "stream_map_config": "Values that the expressions of `stream_maps` may use.",
    "faker_config": "Seed and locale of made-up values in `stream_maps`; needs the package `faker` beside the tap.",
    "flattening_enabled": "Make a column of each member of an object.",
    "flattening_max_depth": "How many levels of objects become columns.",
    "flattening_max_key_length": "The longest name that such a column may get.",
    "flattening_separator": "What stands between the parts of such a name; `__` unless set.",
    "batch_config": "Write JSON lines to files and name them in BATCH messages, in place of RECORD messages.",
}
_NAMES = {"array": "list", "boolean": "true or false"}


@cache
def all_settings() -> dict[str, dict[str, Any]]:
    """Return every setting that the tap takes, with its schema."""
    about = TapKlaviyo._get_about_info()  # noqa: SLF001 - the SDK's only way but printing it
    found: dict[str, dict[str, Any]] = about.settings["properties"]
    return found


def own() -> str:
    """The tap's own settings."""
    inherited = _inherited()
    return _table({name: schema for name, schema in all_settings().items() if name not in inherited})


def built_in() -> str:
    """The settings that every tap of this SDK has."""
    inherited = _inherited()
    return _table({name: schema for name, schema in all_settings().items() if name in inherited})


def _inherited() -> set[str]:
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    TapKlaviyo.append_builtin_config(schema)
    return {*schema["properties"]}


def _table(settings: dict[str, dict[str, Any]]) -> str:
    rows = (
        (f"`{name}`", _type(schema), _default(schema), _INHERITED.get(name) or schema["description"])
        for name, schema in settings.items()
    )
    return table(("setting", "type", "default", "meaning"), rows)


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return code(value for value in schema["enum"] if value is not None)
    named = schema.get("type", "string")
    names = [named] if isinstance(named, str) else [name for name in named if name != "null"]
    kinds = " or ".join("date-time" if schema.get("format") == "date-time" else _NAMES.get(n, n) for n in names)
    return f"{kinds}, secret" if schema.get("secret") else kinds


def _default(schema: dict[str, Any]) -> str:
    default = schema.get("default")
    if default is None:
        return ""
    return f"`{default}`" if isinstance(default, str) else f"`{json.dumps(default)}`"
