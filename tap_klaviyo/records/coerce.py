"""Make a value fit its JSON schema without losing what it says.

Klaviyo sends numbers as strings, strings where a number was, date-times with a space, an object where an array was
promised. A value that can be read as its schema wants it is converted; any other becomes null, and the caller is
told the name so that the user can be warned once. Nothing here stops a sync.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from tap_klaviyo.contract.timestamps import rfc3339
from tap_klaviyo.records.lenient_json import LONGEST_NUMBER

Conform = Callable[[Any], Any]

INT64 = 2**63

_NUMERIC = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class OddValueError(ValueError):
    """A value that does not fit its schema and cannot be converted."""


def _date_time(value: Any) -> str:
    if not isinstance(value, str):
        raise OddValueError
    try:
        return rfc3339(value)
    except ValueError:
        raise OddValueError from None


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except RecursionError:
        raise OddValueError from None


def _number(value: Any) -> float:
    if isinstance(value, str):
        text = value.strip()
        if not _NUMERIC.fullmatch(text):  # Python's own parsers also take underscores, `nan`, digits of other scripts
            raise OddValueError
        value = int(text) if text.lstrip("+-").isdigit() and len(text) <= LONGEST_NUMBER else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise OddValueError
    if isinstance(value, float) and not math.isfinite(value):
        raise OddValueError
    return value


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, or text that says one."""
    try:
        _number(value)
    except OddValueError:
        return False
    return True


def _integer(value: Any) -> int:
    number = _number(value)
    # No target has more bits for a whole number; the one that they would be cut to is another number.
    if number % 1 or not -INT64 <= number < INT64:
        raise OddValueError
    return int(number)


def _boolean(value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    try:
        return known[str(value).strip().lower()]
    except KeyError:
        raise OddValueError from None


_SCALARS: dict[str, Conform] = {"string": _string, "number": _number, "integer": _integer, "boolean": _boolean}
_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "number": int,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
}


def conformer(schema: Mapping[str, Any], within: Mapping[str, Any] | None, odd: Callable[[str], None]) -> Conform:
    """Compile a schema into a function that returns a fitting value, null where there is none.

    Args:
        schema: The schema of the value.
        within: Where an object is selected in part, its chosen members (a member maps to None, or to its own
            chosen members); every member, known or not, where it is None.
        odd: Called with the path of a value that became null for not fitting.
    """
    return _compile(schema, within, odd, "")


def _compile(
    schema: Mapping[str, Any], within: Mapping[str, Any] | None, odd: Callable[[str], None], at: str
) -> Conform:
    types = schema.get("type", [])
    wanted = [name for name in ([types] if isinstance(types, str) else types) if name != "null"]
    if not wanted:
        return lambda value: value
    inner = _inner(schema, wanted, within, odd, at)

    def conform(value: Any) -> Any:
        if value is None:
            return None
        try:
            return inner(value)
        except OddValueError:
            odd(at)
            return None

    return conform


def _inner(
    schema: Mapping[str, Any], wanted: list[str], within: Mapping[str, Any] | None, odd: Callable[[str], None], at: str
) -> Conform:
    if len(wanted) > 1:
        return lambda value: value if _is_of(value, wanted) else _fallback(value, wanted)
    if wanted == ["object"]:
        return _object(schema, within, odd, at)
    if wanted == ["array"]:
        member = _compile(schema.get("items", {}), within, odd, f"{at}[]")
        # An object where a list of objects was promised is a list of one (suppression was so in older revisions).
        return lambda value: [member(item) for item in (value if isinstance(value, list) else [value])]
    if schema.get("format") == "date-time":
        return _date_time
    return _SCALARS[wanted[0]]


def _is_of(value: Any, wanted: list[str]) -> bool:
    """Tell whether a value is of one of several types; a whole number is a number too."""
    if isinstance(value, bool):
        return "boolean" in wanted
    if isinstance(value, float):
        return "number" in wanted and math.isfinite(value)
    if isinstance(value, int) and "number" not in wanted and not -INT64 <= value < INT64:
        return False
    return any(isinstance(value, _PYTHON_TYPES[name]) for name in wanted)


def _fallback(value: Any, wanted: list[str]) -> Any:
    if "string" in wanted:
        return _string(value)
    raise OddValueError


def _object(
    schema: Mapping[str, Any], within: Mapping[str, Any] | None, odd: Callable[[str], None], at: str
) -> Conform:
    known: Mapping[str, Any] = schema.get("properties", {})
    members = {
        name: _compile(member, (within or {}).get(name), odd, f"{at}.{name}" if at else name)
        for name, member in known.items()
        if within is None or name in within
    }

    def conform(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise OddValueError
        if within is None:
            return {name: members[name](item) if name in members else item for name, item in value.items()}
        return {name: member(value[name]) for name, member in members.items() if name in value}

    return conform
