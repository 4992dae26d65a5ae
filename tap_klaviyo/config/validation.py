"""Checks of the settings, with messages that never repeat a value: a mistyped secret must not be logged."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tap_klaviyo.config.batch import batch_problems
from tap_klaviyo.config.errors import KINDS, NO_DATE, suggestion
from tap_klaviyo.config.maps import map_problems
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.http.redact import brief

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from jsonschema.exceptions import ValidationError

    from tap_klaviyo.config.settings import Settings

_LIMITS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}


def problems(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the settings, a line each."""
    known = schema["properties"]
    for name in config:
        if name not in known:
            yield f"unknown setting '{name}'; {suggestion(name, known)}"
    for name, value in config.items():
        if not _is_json(value):
            yield (
                f"setting '{name}' contains NaN, Infinity or an invalid Unicode character (lone surrogate), "
                "none of which can be sent"
            )
    found = Draft202012Validator(_sound(schema)).iter_errors(config)
    for error in sorted(found, key=lambda one: list(map(str, one.path))):
        yield _problem(best_match([error]) or error)  # of several alternatives the member that keeps one from fitting
    if config.get("flattening_enabled") is True and config.get("flattening_max_depth") is None:
        yield "setting 'flattening_enabled' needs 'flattening_max_depth': set how many levels are flattened, such as 1"
    yield from batch_problems(config.get("batch_config"))
    yield from map_problems(config.get("stream_maps"))
    yield from _dates(config, schema)


def _sound(schema: Any) -> Any:
    """A schema without alternatives that are none: the SDK has a bare word for one, at which validators fail."""
    if not isinstance(schema, dict):
        return schema
    return {
        name: [_sound(one) for one in value if isinstance(one, dict)] if name == "anyOf" else _sound(value)
        for name, value in schema.items()
    }


def _dates(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str, datetime] = {}
    for name, kind in schema["properties"].items():
        value = config.get(name)
        if kind.get("format") == "date-time" and isinstance(value, str):
            try:
                found[name] = parse_instant(value)
            except ValueError:
                yield NO_DATE.format(name)
    start, end = found.get("start_date"), found.get("end_date")
    if start is not None and end is not None and end <= start:
        yield "setting 'end_date' must be after 'start_date': nothing lies between them"
    for stream, begin in _own_starts(config.get("stream_options")):
        if end is not None and end <= begin:
            where = f"stream_options '{brief(stream, 40)}'"
            yield f"{where}: start_date must be before 'end_date': nothing lies between them"


def _own_starts(options: Any) -> Iterator[tuple[str, datetime]]:
    """Yield the streams that have a start of their own, and it; what is no date is refused by the stream."""
    for stream, option in options.items() if isinstance(options, Mapping) else ():
        value = option.get("start_date") if isinstance(option, Mapping) else None
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                yield stream, parse_instant(value)


def warnings(settings: Settings, now: datetime) -> Iterator[str]:
    """Yield what can be followed and is hardly meant, a line each."""
    if settings.start_date is not None and settings.start_date > now:
        yield "setting 'start_date' is in the future: streams that it bounds read nothing before then"
    for stream, begin in _own_starts(settings.stream_options):
        if begin > now:
            where = f"stream_options '{brief(stream, 40)}'"
            yield f"{where}: start_date is in the future: nothing is read before then"


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except ValueError:
        return False
    return True


def _problem(error: ValidationError) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    what = _what(error)
    return f"{path}: {what}" if path.endswith("]") else f"setting '{path}' {what}"


def _what(error: ValidationError) -> str:
    rule = str(error.validator)
    wanted: Any = error.validator_value
    if rule == "enum":
        return f"must be one of {', '.join(str(value) for value in wanted if value is not None)}"
    if rule in _LIMITS:
        return f"must be {_LIMITS[rule]} {wanted}"
    kinds = _kinds({"type": wanted}) if rule == "type" else [kind for one in wanted for kind in _kinds(one)]
    return f"must be {' or '.join(dict.fromkeys(kinds))}"


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    """What fits a schema, in words; some of the SDK's alternatives are a value."""
    if "const" in schema:
        return [str(schema["const"])]
    types = schema["type"]
    return [KINDS[name] for name in ([types] if isinstance(types, str) else types) if name != "null"]
