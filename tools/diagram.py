"""The streams and how they refer to each other, as Mermaid diagrams: `python -m tools.diagram`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.docs.contents import facts
from tools.docs.scopes import streams as declared
from tools.relations import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tools.relations import Table

PAGE = Path(__file__).parents[1] / "docs" / "diagram.md"
HEAD = """\
<!-- Written by `python -m tools.diagram` -->
# The streams and how they refer to each other

Each line leads from a record to those that hold its id, in the column that the line is named after. `||` is a record
that is always there, as the others were read by way of it. `|o` is one that may be missing: the id is empty, or the
record was deleted, came later, or is older than `start_date`.

`PK` is the key, or a part of it; `FK` an id of another stream's record. Columns that are neither are left out:
[what the tables hold](tables.md) has them all, and says what the words below each stream mean. `include_account_id`
puts `account_id` first in every key.
"""
OVERVIEW = "## All streams that refer to others\n"


def page() -> str:
    """The page: one diagram of everything that is connected, then one for each API category, with columns."""
    streams = sorted(tables().values(), key=lambda table: (table.group, table.name))
    sections = [HEAD, OVERVIEW, _fenced(_links(streams))]
    for group, members in groupby(streams, key=lambda table: table.group):
        own = list(members)
        sections += [f"## {group.replace('_', ' ').capitalize()}\n", *map(_item, own), ""]
        sections.append(_fenced([*_entities(own), *_links(own)]))
    return "\n".join(sections)


def _item(table: Table) -> str:
    off = "" if table.on_by_default else " Off by default."
    known = " ".join(f"{name}: {fact}." for name, fact in facts(declared()[table.name]).items())
    return f"- [`{table.name}`](tables.md#{table.name}): {table.headline}{off}\n    - {known}"


def _fenced(lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", "erDiagram", *(f"    {line}" for line in lines), "```", ""])


def _entities(streams: Iterable[Table]) -> Iterator[str]:
    for table in streams:
        yield f"{table.name} {{"
        references = {reference.column for reference in table.references}
        for name, schema in table.columns.items():
            marks = ["PK"] * (name in table.keys) + ["FK"] * (name in references)
            if marks:
                yield f"    {_type(schema)} {name} {', '.join(marks)}"
        yield "}"


def _links(streams: Iterable[Table]) -> Iterator[str]:
    for table in streams:
        for reference in table.references:
            end = "||" if reference.inherent else "|o"
            yield f"{reference.stream} {end}--o{{ {table.name} : {reference.column}"


def _type(schema: dict[str, Any]) -> str:
    types = schema["type"]
    named = next(name for name in ([types] if isinstance(types, str) else types) if name != "null")
    return str(schema.get("format", named)).replace("-", "_")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
