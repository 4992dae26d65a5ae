"""What a person reads of a changed contract: the difference by endpoint, stream and column, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOTHING: dict[str, Any] = {}


def _leaves(facts: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every fact by its dotted place; a list of scalars is one fact."""
    if isinstance(facts, dict) and facts:
        for name, value in facts.items():
            yield from _leaves(value, f"{place}.{name}" if place else name)
    else:
        yield place, facts


def _columns(schema: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the type of every column and of every member of one, by its dotted place."""
    for name, node in schema.get("properties", {}).items():
        here = f"{place}.{name}" if place else name
        kinds = node.get("type", "any")
        kind = kinds if isinstance(kinds, str) else "|".join(kind for kind in kinds if kind != "null")
        yield here, " ".join([kind, *([node["format"]] if "format" in node else [])])
        yield from _columns(node, here)
        yield from _columns(node.get("items", _NOTHING), f"{here}[]")


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "none" if value is None else str(value)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line per place whose fact was added, is gone or has changed."""
    for place in sorted(old.keys() | new.keys()):
        before, after = old.get(place), new.get(place)
        if before == after:
            continue
        if place not in old:
            yield f"- added `{place}`: {_said(after)}"
        elif place not in new:
            yield f"- gone `{place}` (was {_said(before)})"
        elif isinstance(before, list) and isinstance(after, list):
            parts = [f"added {_said([item])}" for item in after if item not in before]
            parts += [f"gone {_said([item])}" for item in before if item not in after]
            yield f"- changed `{place}`: {'; '.join(parts) or 'another order'}"
        else:
            yield f"- changed `{place}`: {_said(before)} to {_said(after)}"


def _section(title: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of one kind of things, by name; nothing if none of them has changed."""
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        found = list(_changes(old.get(name, _NOTHING), new.get(name, _NOTHING)))
        if name not in old:
            lines += ["", f"### `{name}` (new)", "", *found]
        elif name not in new:
            lines += ["", f"### `{name}` (gone)"]
        elif found:
            lines += ["", f"### `{name}`", "", *found]
    if lines:
        yield from ["", f"## {title}", *lines]


def _of(
    files: Mapping[str, Any], revision: str
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the columns by stream, and the facts by endpoint, by report and by type, of one revision's files."""
    folder = f"contract/{revision}"
    start = f"{folder}/schemas/"
    columns = {
        name.removeprefix(start).removesuffix(".json"): dict(_columns(schema))
        for name, schema in files.items()
        if name.startswith(start)
    }
    endpoints = files.get(f"{folder}/endpoints.json", {"endpoints": []})["endpoints"]
    reports = files.get(f"{folder}/reports.json", {"reports": []})["reports"]
    types = files.get(f"{folder}/types.json", {"types": {}})["types"]
    return (
        columns,
        {f"{facts['method']} {facts['path']}": dict(_leaves(facts)) for facts in endpoints},
        {facts["kind"]: dict(_leaves(facts)) for facts in reports},
        {kind: dict(_leaves(facts)) for kind, facts in types.items()},
    )


def explained(
    stored: Mapping[str, Any], stored_revision: str, given: Mapping[str, Any], given_revision: str, streams: set[str]
) -> str:
    """Return the difference between the generated files of two documents.

    Args:
        stored: The content of each generated file that is kept, by its path in the package.
        stored_revision: The revision among them to compare with.
        given: The content of each file that the given document generates.
        given_revision: The revision of the given document.
        streams: The names of all streams that the tap has.
    """
    old, new = _of(stored, stored_revision), _of(given, given_revision)
    titles = ("Columns by stream", "Endpoints", "Reports", "Resource types")
    lines = [line for title, left, right in zip(titles, old, new, strict=True) for line in _section(title, left, right)]
    # A type without scopes has no endpoint of its own: it comes with others alone.
    without = sorted(kind for kind, facts in new[3].items() if "scopes" in facts and facts["schema"] not in streams)
    if without:
        lines += ["", "## Types without a stream", "", *(f"- `{kind}`" for kind in without)]
    title = f"# Revision {given_revision} against {stored_revision}"
    return "\n".join([title, *(lines or ["", "No fact differs."])]) + "\n"
