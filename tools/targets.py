"""Load every stream of the sandbox with real targets, and print the table of docs/targets.md."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tests.targets import warehouses
from tests.targets.messages import everything_selected, sync
from tests.targets.parquet import FLAT, bucket, parquet
from tests.targets.postgres import server
from tools.docs.pages import table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.targets.messages import Messages

    Targets = Mapping[tuple[str, str], Callable[[Path], warehouses.Warehouse]]

_HEAD = ("target", "version", "tables", "rows", "keys missing", "keys twice")


def main() -> None:
    """Run the targets one after the other."""
    with tempfile.TemporaryDirectory() as folder, server() as port, bucket() as address:
        home = Path(folder)
        print(table(_HEAD, []), flush=True)
        messages = sync(home / "sync", catalog=everything_selected())
        flat = sync(home / "flat", FLAT, catalog=everything_selected())
        for row in chain(rows(home, messages, targets(port)), rows(home, flat, flattened(address))):
            print(f"| {' | '.join(row)} |", flush=True)


def targets(port: int) -> Targets:
    """Return by name and version what loads records as they are, given the port of a PostgreSQL server."""
    return {
        ("PostgreSQL, `meltanolabs-target-postgres`", "0.8.1"): partial(warehouses.postgres, port=port),
        ("PostgreSQL, `pipelinewise-target-postgres`", "2.1.2"): partial(warehouses.pipelinewise, port=port),
        ("DuckDB, `target-duckdb`", "0.8.0"): warehouses.duckdb,
        ("SQLite, `meltano-target-sqlite` of `singer-sdk`", "0.54.9"): warehouses.sqlite,
        ("JSON lines, `target-jsonl`", "0.1.4"): warehouses.jsonl,
        ("CSV, `meltanolabs-target-csv`", "0.5.0"): warehouses.csv,
    }


def flattened(address: str) -> Targets:
    """Return what loads flattened records, given the address of an S3 server."""
    return {("Parquet, `plinxore-target-s3`, flattened", "0.1.7"): partial(parquet, address=address)}


def rows(home: Path, messages: Messages, into: Targets) -> Iterator[tuple[str, ...]]:
    """Load with each target; yield what it then holds."""
    for (name, version), make in into.items():
        place = home / re.sub(r"\W+", "-", name)
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
