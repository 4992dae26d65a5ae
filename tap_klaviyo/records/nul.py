"""NUL characters, which no target has a place for: PostgreSQL refuses them, and what is written in C ends there."""

from __future__ import annotations

import re

# An even number of backslashes before it are characters of their own.
_ESCAPED = re.compile(rb"(?<!\\)((?:\\\\)*)(?:\\u0000)+")


def without_nul(text: bytes) -> bytes:
    """Return JSON without NUL characters in its strings and names."""
    return _ESCAPED.sub(rb"\1", text) if b"\\u0000" in text else text
