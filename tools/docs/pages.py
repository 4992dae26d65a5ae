"""Pages, and the marks in them that generated text stands between."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).parents[2]
_MARKED = re.compile(
    r"(?P<begin><!-- (?P<name>[a-z][a-z -]*?) begin -->\n)(?P<old>.*?)(?P<end><!-- (?P=name) end -->)", re.DOTALL
)
_MARK = re.compile(r"<!-- [a-z][a-z -]*? (?:begin|end) -->")


class UnknownTableError(LookupError):
    """A page asks for a table that there is not."""


def pages() -> list[Path]:
    """Return every page that is written for readers: the README first, then those beside it and in the folders."""
    patterns = ("README.md", "C*.md", "SECURITY.md", "docs/**/*.md", "benchmarks/*.md", "examples/*/*.md")
    return [page for pattern in patterns for page in sorted(ROOT.glob(pattern))]


def filled(text: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with what stands between its marks replaced.

    Raises:
        UnknownTableError: Marks without a table of their name, or without their other half.
    """

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in tables:
            message = f"no table is called '{name}'; there are {', '.join(sorted(tables))}"
            raise UnknownTableError(message)
        return f"{match['begin']}\n{tables[name]().strip()}\n\n{match['end']}"

    if halves := _MARK.findall(_MARKED.sub("", text)):
        message = f"a mark without its other half: {halves[0]}"
        raise UnknownTableError(message)
    return _MARKED.sub(table, text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def code(names: Iterable[str]) -> str:
    """Return names as code, joined by commas."""
    return ", ".join(f"`{name}`" for name in names)
