"""The table of columns with personal data, by stream, from the marks in their schemas."""

from __future__ import annotations

from tap_klaviyo.contract.personal import FREE, PERSONAL
from tools.docs.pages import code, table
from tools.docs.scopes import streams


def columns() -> str:
    """The streams that have such columns, and which: those that are personal data, and those that may be."""
    rows = []
    for stream in streams().values():
        marked = {
            words: [one.name for one in stream.columns if one.schema.get("description") == words]
            for words in (PERSONAL, FREE)
        }
        if any(marked.values()):
            rows.append((f"`{stream.name}`", code(marked[PERSONAL]), code(marked[FREE])))
    return table(("stream", "personal data", "free-form: look at what you put there"), rows)
