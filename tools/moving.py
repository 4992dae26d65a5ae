"""Views that give the tables of other connectors, made of ours: `python -m tools.moving`.

What stands in `moving.yaml` says which; `tests/docs/moving.yaml` holds what those connectors publish.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tap_klaviyo import contract
from tap_klaviyo.records.columns import DATE_TIME, Attribute
from tap_klaviyo.tap import TapKlaviyo
from tools.docs.pages import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.records.columns import Column

DATA = Path(__file__).with_name("moving.yaml")
MODELS = Path(__file__).parents[1] / "examples" / "dbt" / "models" / "moving"
HEAD = "-- Written by `python -m tools.moving`: {name} of {connector}.\n"
CONFIG = "{{{{ config(enabled='{tool}' in var('moving'), schema='{tool}', alias='{name}') }}}}\n"
LINKS = "https://a.klaviyo.com"
IDS = {"profiles": "profile_id", "metrics": "metric_id"}
"""The tables that others are joined with, and where those hold their ids."""


@dataclass(frozen=True)
class View:
    """One table of another connector: its columns as expressions over a table of ours."""

    tool: str
    connector: str
    name: str
    here: str
    columns: Mapping[str, str]
    attributes: tuple[str, ...]
    without: tuple[str, ...] = ()
    metric: str | None = None
    joined: Mapping[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The file as it is written."""
        body = "".join(f"\n    {text} as {name}," for name, text in self.columns.items()).removesuffix(",")
        head = HEAD.format(name=self.name, connector=self.connector)
        config = CONFIG.format(tool=self.tool, name=self.name)
        joins = "".join(
            f"left join {{{{ source('klaviyo', '{other}') }}}} as {other} on {other}.id = {self.here}.{column}\n"
            for other, column in self.joined.items()
        )
        where = f"where {self.here}.metric_name = '{self.metric}'\n" if self.metric else ""
        source = f"from {{{{ source('klaviyo', '{self.here}') }}}} as {self.here}\n"
        return f"{config}{head}select{body}\n{source}{joins}{where}"

    @property
    def path(self) -> Path:
        """Where it is written; dbt wants names that are there once."""
        return MODELS / self.tool / f"{self.tool}__{self.name}.sql"


def views() -> Iterator[View]:
    """Yield every view, in the order of the data."""
    for tool, facts in yaml.safe_load(DATA.read_text(encoding="utf-8")).items():
        for name, entry in facts["tables"].items():
            shape = entry.get("shape", facts.get("shape", "document"))
            yield View(
                tool,
                facts["connector"],
                name,
                entry["here"],
                columns=dict(_columns(entry, shape)),
                attributes=tuple(_members(entry)) if shape == "document" else (),
                without=tuple(entry.get("without", ())),
                metric=entry.get("metric"),
                joined={other: IDS[other] for other in _joined(entry, shape)},
            )


def _joined(entry: dict[str, Any], shape: str) -> Iterator[str]:
    if "of" in entry:
        yield entry["of"]
    yield from entry.get("embedded", {}).values()
    if shape == "event":
        yield from ("profiles", "metrics")


def _columns(entry: dict[str, Any], shape: str) -> Iterator[tuple[str, str]]:
    here, of = entry["here"], entry.get("of", entry["here"])
    if shape != "columns":
        key = f"{here}.{IDS[of]}" if of != here else f"{here}.id"
        yield "id", key
        yield "type", f"'{_kind(of)}'"
        if shape == "document":
            yield "attributes", _object(_members(entry))
        else:
            yield from ((name, f"{of}.{column.name}") for name, column in _attributes(of))
        if shape == "event":
            yield "datetime", f"{{{{ iso('{here}.datetime') }}}}"
            yield "profile", _embedded("profiles", "json_array_of({})")
            yield "metric", _embedded("metrics", "json_array_of({})")
        else:
            linked = {name: _linked(name, given, here) for name, given in entry.get("linked", {}).items()}
            yield "relationships", _object(linked)
            yield "links", _object({"self": f"\"'{LINKS}{_path(of)}/' || {key} || '/'\""})
    yield from ((name, f"'{value}'") for name, value in entry.get("constants", {}).items())
    yield from ((name, f"{here}.{name}") for name in entry.get("lifted", ()))
    for name, column in entry.get("columns", {}).items():
        yield name, column if "." in column else f"{here}.{column}"
    yield from ((name, f"{{{{ iso('{here}.{name}') }}}}") for name in entry.get("texts", ()))
    yield from ((name, _embedded(other)) for name, other in entry.get("embedded", {}).items())


def _members(entry: dict[str, Any]) -> dict[str, str]:
    """The attributes of a document, as expressions; a channel was one of a campaign's once."""
    here, of = entry["here"], entry.get("of", entry["here"])
    once = {name: f"'{here}.{column}'" for name, column in entry.get("once", {}).items()}
    return {name: _iso(column, of) for name, column in _attributes(of)} | once


def _object(members: Mapping[str, str]) -> str:
    """A call of the macro that makes a JSON object of SQL expressions."""
    inside = "".join(f"\n        '{name}': {text}," for name, text in members.items())
    return f"{{{{ json_object_of({{{inside}\n    }}) }}}}" if members else "{{ json_object_of({}) }}"


def _linked(kind: str, given: str | Mapping[str, str], here: str) -> str:
    """A call of the macro that makes a relationship, of the column of its id or of the columns of its members."""
    members = {"id": given} if isinstance(given, str) else given
    inside = ", ".join(f"'{name}': '{here}.{column}'" for name, column in members.items())
    return f"linked('{kind}', {{{inside}}})"


def _embedded(here: str, inside: str = "{}") -> str:
    """A row of another table as an object, null where there is none."""
    members = {name: _iso(column, here) for name, column in _attributes(here)}
    made = _object({"type": f"\"'{_kind(here)}'\"", "id": f"'{here}.id'", **members})
    return f"case when {here}.id is not null then {{{{ {inside.format(made[3:-3])} }}}} end"


def _iso(column: Column, here: str) -> str:
    name = f"'{here}.{column.name}'"
    return f"iso({name})" if column.schema == DATE_TIME else name


def _attributes(here: str) -> Iterator[tuple[str, Column]]:
    """Yield the columns that are attributes of the resource, by Klaviyo's name."""
    for column in _streams()[here].columns:
        if isinstance(column.source, Attribute):
            yield column.source.name, column


def _path(here: str) -> str:
    """Where one resource is, without its id."""
    return f"/api/{here.replace('_', '-')}"


@cache
def _kind(here: str) -> str:
    """The resource type of a stream, which not every revision has."""
    revisions = map(contract.revision, contract.revisions())
    return next(kind for facts in revisions for kind in facts.types() if facts.schema_name(kind) == here)


@cache
def _streams() -> dict[str, Any]:
    tap = TapKlaviyo(config={}, parse_env_config=False, validate_config=False)
    return {stream.name: stream for stream in tap.klaviyo_streams()}


def side_by_side() -> str:
    """The views as a table: theirs, their columns, and the table here."""
    rows = [
        (f"`{view.tool}`", f"`{view.name}`", code(view.columns), code(view.without), f"`{view.here}`")
        for view in views()
    ]
    return table(("schema", "theirs", "columns", "not there", "made of"), rows)


def main() -> None:
    """Write the files."""
    for view in views():
        view.path.parent.mkdir(parents=True, exist_ok=True)
        view.path.write_text(view.sql, encoding="utf-8")


if __name__ == "__main__":
    main()
