"""An empty page, which says that nothing is there only if it says so itself: a target may delete a table over it."""

from __future__ import annotations

from typing import Any

from tap_klaviyo.records.lenient_json import read


def doubt(body: bytes, *, collection: bool) -> str | None:
    """Return why a response without resources does not say that there are none; None if it does.

    Args:
        body: The response, which is a JSON object.
        collection: Whether its `data` is a list; a single resource may be null.
    """
    content: Any = read(body)[0]
    if content.get("errors"):
        return "errors beside empty 'data'"
    data = content.get("data")
    if data is None:
        return "'data' is null in place of a list" if collection else None
    return "resources without an id" if data else None
