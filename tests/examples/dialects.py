"""Renders the models as dbt would for a warehouse that is not at hand, and parses them; run where sqlglot is."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import jinja2
import sqlglot  # type: ignore[import-not-found]  # lives in an environment of its own

HOURS = {
    "snowflake": "dateadd({0}, {1}, {2})",
    "bigquery": "datetime_add(cast({2} as datetime), interval {1} {0})",
}
STRINGS = {"snowflake": "varchar", "bigquery": "string"}
NUMBERS = {"bigquery": "numeric"}


def rendered(project: Path, dialect: str, model: str, *, incremental: bool) -> str:
    """One model's SQL."""
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL

    def dispatch(name: str, _: str) -> object:
        own = [f"{dialect}__{name}", f"default__{name}"]
        return next(macros[full] for full in own if full in macros)

    def give(value: object) -> object:
        return value

    environment.globals |= {
        "adapter": SimpleNamespace(dispatch=dispatch),
        "return": give,
        "config": lambda **_: "",
        "var": lambda _: [],
        "source": lambda _, table: f"klaviyo.{table}",
        "ref": lambda table: f"models.{table}",
        "this": "models.this",
        "is_incremental": lambda: incremental,
        "dbt": SimpleNamespace(
            type_string=lambda: STRINGS.get(dialect, "text"),
            type_numeric=lambda: NUMBERS.get(dialect, "numeric(28,6)"),
            type_timestamp=lambda: "timestamp",
            dateadd=lambda *args: HOURS.get(dialect, "{2} + {1} * interval '1 {0}'").format(*args),
        ),
    }
    macros: dict[str, object] = {}
    for path in sorted((project / "macros").glob("*.sql")):
        module = environment.from_string(path.read_text()).make_module()
        macros |= {name: value for name, value in vars(module).items() if callable(value)}
    environment.globals |= macros
    return environment.from_string(model).render()


def main(project: Path, dialect: str) -> None:
    """Print the syntax tree of each model, by its name."""
    found = {}
    for path in (project / "models").rglob("*.sql"):
        # Most models are the same in a first build and in those after it.
        for sql in {rendered(project, dialect, path.read_text(), incremental=later) for later in (False, True)}:
            found[path.stem] = repr(sqlglot.parse_one(sql, dialect=dialect))
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
