"""What is raised for settings that cannot be followed, and the words that its messages share."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
"""How messages name the JSON types."""

NO_DATE = "setting '{}' is not a valid date-time; write it like 2024-01-01T00:00:00Z"


class SettingsError(ValueError):
    """Settings that cannot be followed; one line that names the setting, and never the value of a secret."""


def suggestion(wrong: str, allowed: Iterable[str]) -> str:
    """Return the nearest allowed word; without one, the words on the same level of dotted names."""
    known = sorted(allowed)
    near = difflib.get_close_matches(wrong, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    inside = [name for name in known if name.startswith(f"{wrong.partition('.')[0]}.")] if "." in wrong else []
    return f"allowed: {', '.join(inside or [name for name in known if '.' not in name]) or 'nothing'}"
