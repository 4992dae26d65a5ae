"""Load every stream of the sandbox with real targets, and print the table of docs/targets.md."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.targets import warehouses
from tests.targets.messages import everything_selected, sync
from tests.targets.postgres import server
from tools.docs.pages import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.targets.messages import Messages

_HEAD = ("target", "version", "tables", "rows", "keys missing", "keys twice")


def main() -> None:
    """Run the targets one after the other."""
    with tempfile.TemporaryDirectory() as folder, server() as port:
        home = Path(folder)
        messages = sync(home / "sync", catalog=everything_selected())
        print(table(_HEAD, []), flush=True)
        for row in rows(home, port, messages):
            print(f"| {' | '.join(row)} |", flush=True)


def rows(home: Path, port: int, messages: Messages) -> Iterator[tuple[str, ...]]:
    """Load with each target; yield what it then holds."""
    targets: dict[tuple[str, str], Callable[[Path], warehouses.Warehouse]] = {
        ("PostgreSQL, `meltanolabs-target-postgres`", "0.8.1"): lambda place: warehouses.postgres(place, port),
        ("PostgreSQL, `pipelinewise-target-postgres`", "2.1.2"): lambda place: warehouses.pipelinewise(place, port),
        ("DuckDB, `target-duckdb`", "0.8.0"): warehouses.duckdb,
        ("JSON lines, `target-jsonl`", "0.1.4"): warehouses.jsonl,
        ("CSV, `meltanolabs-target-csv`", "0.5.0"): warehouses.csv,
    }
    for number, ((name, version), make) in enumerate(targets.items()):
        place = home / str(number)
        place.mkdir()
        warehouse = make(place)
        warehouse.load(messages.path)
        found = warehouse.tables()
        missing = twice = 0
        for stream in messages.records:
            keys = messages.keys[stream]
            there = [tuple(str(row[key]) for key in keys) for row in found.get(stream, ())]
            wanted = {tuple(str(value) for value in key) for key in messages.key_values(stream)}
            missing += len(wanted - {*there})
            twice += len(there) - len({*there})
        yield name, version, f"{len(found):,}", f"{sum(map(len, found.values())):,}", f"{missing:,}", f"{twice:,}"


if __name__ == "__main__":
    main()
