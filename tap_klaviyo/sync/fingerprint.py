"""A short hash of what the state must not hold itself, or need not hold whole."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_BYTES = 4  # a change goes unnoticed once in four billion


def fingerprint(value: Any) -> str:
    """Return a short hash of a value; the order of an object's members makes no difference."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=_BYTES).hexdigest()
