"""NUL characters, which no target has a place for: PostgreSQL refuses them, and what is written in C ends there."""

from __future__ import annotations

import re

# An even number of backslashes before it are characters of their own.
_ESCAPED = re.compile(rb"(?<!\\)((?:\\\\)*)(?:\\u0000)+")


def without_nul(text: bytes) -> bytes:
    """Return JSON without NUL characters in its strings and names."""
    # One character is found at the speed of memory; from the right, a search skips by the backslash, which is rare.
    if b"\\" not in text or text.rfind(b"\\u0000") < 0:
        return text
    return _ESCAPED.sub(rb"\1", text)
