"""docs/messages.md: its first column is written from the source, the others by hand."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tools.docs.pages import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tools.messages.collect import Message

PAGE = Path(__file__).parents[2] / "docs" / "messages.md"
HEAD = """\
# What can go wrong

Each error line and each warning of the tap, by where it comes from: what it means, and what to do. What stands in `<…>`
or as `…` differs from line to line; most lines begin with the name of the stream or of the setting. `ERROR` lines end
their stream, or the run, with [exit code 1](operations.md#exit-codes); after a `WARNING` the run goes on.

The first column is written by `python -m tools.messages`, which keeps the other two.
"""
COLUMNS = ("message", "cause", "what to do")
# The longest path that a module begins with decides.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "The command line": ("cli.py",),
    "Settings": ("config/", "http/revision.py", "records/stream_options.py"),
    "Filters": ("contract/",),
    "Reports and metric aggregates": ("streams/reports/", "streams/base.py", "sync/account.py"),
    "Metrics": ("sync/metric.py", "sync/metric_choice.py", "streams/metric_events.py", "streams/metric_segments.py"),
    "Custom streams and event streams": ("streams/custom/",),
    "The key": ("http/auth.py", "http/grants.py", "http/oauth.py", "http/key_hints.py", "http/token_file.py",
                "sync/connection.py"),
    "The catalog": ("sync/catalog.py", "streams/"),
    "The state": ("sync/state.py", "sync/bookmarks.py", "sync/emitter.py", "sync/range.py",
                  "sync/metric_memory.py"),
    "Requests and responses": ("http/", "pagination/", "records/", "sync/sources.py"),
    "The run": ("sync/", "polling.py", "tap.py", "memory.py"),
}  # fmt: skip
_ROW = re.compile(r"^\| `(?P<message>.+?)` \| (?P<cause>.*?) ?\| (?P<remedy>.*?) ?\|$", re.MULTILINE)
_ALIKE = 0.7

Row = tuple[str, str]


def rows(page: str) -> dict[str, Row]:
    """Return cause and remedy by message, as a page has them."""
    return {row["message"].replace("\\|", "|"): (row["cause"], row["remedy"]) for row in _ROW.finditer(page)}


def written(messages: Iterable[Message], known: Mapping[str, Row]) -> str:
    """Return the page; a message that was reworded takes over the row of the one that it was."""
    sections: dict[str, dict[str, None]] = {title: {} for title in SECTIONS}
    for message in messages:
        if not any(message.text in section for section in sections.values()):
            sections[section_of(message.module)][message.text] = None
    said = {text for section in sections.values() for text in section}
    gone = [text for text in known if text not in said]

    def row(text: str) -> tuple[str, str, str]:
        before = [text] if text in known else difflib.get_close_matches(text, gone, n=1, cutoff=_ALIKE)
        return (f"`{text}`", *(known[before[0]] if before else ("", "")))

    parts = [f"## {title}\n\n{table(COLUMNS, map(row, section))}\n" for title, section in sections.items() if section]
    return "\n".join([HEAD, *parts])


def section_of(module: str) -> str:
    """Return the title of the section of a module."""
    fitting = {start: title for title, starts in SECTIONS.items() for start in starts if module.startswith(start)}
    return fitting[max(fitting, key=len)]
