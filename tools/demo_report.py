"""Which tables of a DuckDB file hold how many rows, counted there: `python tools/demo_report.py FILE SCHEMA`."""

from __future__ import annotations

import sys

import duckdb


def main(file: str, schema: str) -> int:
    """Print a line a table and one for all; 1 if there is no row, as a loader may fail without saying so."""
    with duckdb.connect(file, read_only=True) as database:
        listed = "select table_name from information_schema.tables where table_schema = ? order by 1"
        names = [name for (name,) in database.execute(listed, [schema]).fetchall()]
        rows = {name: database.table(f'{schema}."{name}"').count("*").fetchall()[0][0] for name in names}
    for name, count in rows.items():
        print(f"{name:<32} {count:>9,}")
    print(f"{len(rows)} tables hold {sum(rows.values()):,} rows, in {file}")
    return 0 if sum(rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
