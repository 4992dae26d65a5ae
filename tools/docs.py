"""The tables of streams in docs/streams.md and README.md, written from the declarations: `python -m tools.docs`.

With `--check` nothing is written, and the exit code is 1 where a table has fallen behind.
"""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tap_klaviyo import contract
from tap_klaviyo.columns import Linked, RelatedAttribute
from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.client import KlaviyoStream

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- {} begin -->\n", "<!-- {} end -->\n"
HEAD = ("Stream", "One record", "Key", "Read", "Requests", "Limit", "Scopes")


@cache
def streams() -> tuple[KlaviyoStream, ...]:
    """Every stream that there is without a setting, in the order of the declarations."""
    tap = TapKlaviyo(config={}, parse_env_config=False, validate_config=False)
    return tuple(tap.discover_streams())


def category(stream: KlaviyoStream) -> str:
    """The module that declares a stream, as a title."""
    module = type(stream).__module__
    name = "reports" if ".reports" in module else module.rpartition(".")[2]
    return name.replace("_", " ").capitalize()


def sentences(stream: KlaviyoStream) -> tuple[str, str, str]:
    """What one record is, what the stream costs, and what else there is to say: the parts of its docstring."""
    first, _, more = inspect.cleandoc(type(stream).__doc__ or "").partition("\n\n")
    begin = next(found.start() for found in re.finditer(r"(A|One) request|Carried by", first))
    return first[:begin].strip(), first[begin:].strip(), " ".join(more.split())


def ancestors(stream: KlaviyoStream) -> Iterator[type[KlaviyoStream]]:
    """The parents, the nearest first."""
    kind = stream.parent
    while kind is not None:
        yield kind
        kind = kind.parent


def scopes(stream: KlaviyoStream) -> str:
    """What the key needs, and in brackets what some columns need beside it."""
    needed = dict.fromkeys(stream.endpoint.scopes)
    for parent in ancestors(stream):
        needed |= dict.fromkeys(contract.endpoint(parent.path).scopes)
    if stream.via_type is not None:
        needed |= dict.fromkeys(contract.scopes(stream.via_type))
    sources = [column.source for column in stream.columns]
    kinds = [source.type for source in sources if isinstance(source, RelatedAttribute)]
    kinds += [source.type for source in sources if isinstance(source, Linked) and source.include]
    more = {scope: None for kind in kinds for scope in contract.scopes(kind) if scope not in needed}
    return ", ".join([*(code(scope) for scope in needed), *(f"({code(scope)})" for scope in more)])


def limit(stream: KlaviyoStream) -> str:
    """Requests a second, a minute and, where there is such a quota, a day."""
    limits = stream.endpoint.limits
    daily = [f"{limits.daily} a day"] if limits.daily else []
    return ", ".join([f"{limits.burst} a second", f"{limits.steady:,} a minute", *daily])


def code(name: str) -> str:
    """A name of the API or of a table, as Markdown."""
    return f"`{name}`"


def read(stream: KlaviyoStream) -> str:
    """How the stream is read, and through which parent."""
    key = stream.declared_replication_key
    how = f"by {code(key)}" if key else "whole"
    parents = [other.name for other in streams() if type(other) is stream.parent]
    return f"{how}, for each of {code(parents[0])}" if parents else how


def row(stream: KlaviyoStream) -> tuple[str, ...]:
    """The cells of a stream's row."""
    record, cost, _ = sentences(stream)
    name = code(stream.name) + ("" if stream.selected_by_default else " (off)")
    key = ", ".join(code(column) for column in stream.primary_keys)
    return name, record, key, read(stream), cost, limit(stream), scopes(stream)


def line(cells: tuple[str, ...]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def in_full() -> str:
    """A table a category, and below it what does not fit into a row."""
    found = []
    for title, group in groupby(streams(), category):
        members = list(group)
        found += [
            f"## {title}",
            "",
            line(HEAD),
            line(("---",) * len(HEAD)),
            *(line(row(stream)) for stream in members),
            "",
        ]
        notes = [f"- {code(stream.name)}: {sentences(stream)[2]}" for stream in members if sentences(stream)[2]]
        found += [*notes, ""] if notes else []
    return "\n".join(found)


def in_brief() -> str:
    """A row a category; a circle stands for what is off by default."""
    rows = [
        line((title, ", ".join(code(stream.name) + ("" if stream.selected_by_default else "°") for stream in group)))
        for title, group in groupby(streams(), category)
    ]
    return "\n".join([line(("Category", "Streams (° off by default)")), line(("---", "---")), *rows, ""])


TABLES = {"docs/streams.md": in_full, "README.md": in_brief}


def filled(text: str, content: str, name: str = "streams") -> str:
    """The text with what stands between its marks replaced; a text without marks stays as it is."""
    begin, end = BEGIN.format(name), END.format(name)
    before, mark, rest = text.partition(begin)
    if not mark:
        return text
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{content}\n{end}{after}"


def main(arguments: list[str]) -> int:
    """Write the tables, or check them."""
    behind = []
    for name, table in TABLES.items():
        path = ROOT / name
        old = path.read_text()
        new = filled(old, table().strip() + "\n")
        if new != old:
            behind.append(name)
        if "--check" not in arguments:
            path.write_text(new)
    if behind and "--check" in arguments:
        print(f"run `python -m tools.docs`: the tables of {', '.join(behind)} have fallen behind")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
