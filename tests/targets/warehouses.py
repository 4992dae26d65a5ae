"""Real Singer targets: load a file of messages, and read back what the database holds."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
from collections import defaultdict
from csv import DictReader, field_size_limit
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.targets.installed import installed

if TYPE_CHECKING:
    from pathlib import Path

field_size_limit(1 << 30)  # a template in one cell is longer than the library's usual bound

Tables = dict[str, list[dict[str, Any]]]

# Run by the target's own Python, which has the database's driver; columns that the target adds are not ours to count.
DUMP = """
import json, sys
{connect}
wanted = sys.argv[1:]
cursor = connection.cursor()

def ask(question):
    cursor.execute(question)
    return cursor.fetchall()

tables = {{}}
for (table,) in ask("select table_name from information_schema.tables where table_schema = 'klaviyo'"):
    where = f"table_schema = 'klaviyo' and table_name = '{{table}}'"
    names = [name for (name,) in ask(f"select column_name from information_schema.columns where {{where}}")]
    names = sorted(name for name in names if not name.startswith("_sdc_") and (not wanted or name in wanted))
    quoted = ", ".join(f'"{{name}}"' for name in names)
    tables[table] = [dict(zip(names, row)) for row in ask(f'select {{quoted}} from klaviyo."{{table}}"')]
json.dump(tables, sys.stdout, default=str)
"""


@dataclass(frozen=True)
class Warehouse:
    """A target, its configuration, and how its own Python connects to what it loaded."""

    home: Path
    executable: str
    config: Path
    connect: str
    dump: str = DUMP

    def load(self, messages: Path) -> dict[str, Any]:
        """Load the messages; return the last state that the target wrote, which is what it vouches for."""
        command = [str(self.home / "bin" / self.executable), "--config", str(self.config)]
        with messages.open() as source:
            done = subprocess.run(command, check=False, stdin=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        states = done.stdout.splitlines()
        state: dict[str, Any] = json.loads(states[-1]) if states else {}
        return state

    def tables(self, *columns: str) -> Tables:
        """All rows of all tables, or these columns of them: an exit code of 0 says nothing of what was loaded."""
        command = [str(self.home / "bin" / "python"), "-c", self.dump.format(connect=self.connect), *columns]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
        tables: Tables = json.loads(done.stdout)
        return tables


def duckdb(folder: Path, **more: Any) -> Warehouse:
    """DuckDB in a file; ``more`` settings of the target."""
    file = folder / "warehouse.duckdb"
    config = {"filepath": str(file), "default_target_schema": "klaviyo", "add_metadata_columns": True, **more}
    return Warehouse(
        installed("target-duckdb==0.8.0", "duckdb==1.2.2"),
        "target-duckdb",
        _written(folder, config),
        f"import duckdb; connection = duckdb.connect({str(file)!r}, read_only=True)",
    )


def postgres(folder: Path, port: int, **more: Any) -> Warehouse:
    """A database of its own on a running PostgreSQL server; ``more`` settings of the target."""
    home = installed("meltanolabs-target-postgres==0.8.1")
    server = f"host=127.0.0.1 port={port} user=postgres"
    name = f"tap_{abs(hash(folder))}"
    create = f"import psycopg; psycopg.connect({server!r}, autocommit=True).execute('create database {name}')"
    subprocess.run([home / "bin" / "python", "-c", create], check=True)
    config = {
        "host": "127.0.0.1",
        "port": port,
        "user": "postgres",
        "password": "not needed",
        "database": name,
        "default_target_schema": "klaviyo",
        **more,
    }
    connect = f"import psycopg; connection = psycopg.connect({server + ' dbname=' + name!r})"
    return Warehouse(home, "target-postgres", _written(folder, config), connect)


def pipelinewise(folder: Path, port: int) -> Warehouse:
    """The same server by another target, one that knows nothing of the SDK."""
    home = installed("pipelinewise-target-postgres==2.1.2")
    server = f"host=127.0.0.1 port={port} user=postgres"
    name = f"tap_{abs(hash(folder))}"
    create = f"import psycopg2; c = psycopg2.connect({server!r}); c.autocommit = True; "
    subprocess.run([home / "bin" / "python", "-c", f"{create}c.cursor().execute('create database {name}')"], check=True)
    config = {"host": "127.0.0.1", "port": port, "user": "postgres", "password": "not needed", "dbname": name}
    connect = f"import psycopg2; connection = psycopg2.connect({server + ' dbname=' + name!r})"
    return Warehouse(home, "target-postgres", _written(folder, {**config, "default_target_schema": "klaviyo"}), connect)


def sqlite(folder: Path) -> Warehouse:
    """A SQLite file, by the target in the SDK's source archive: the one that is published alone is of 2019."""
    file = folder / "warehouse.db"
    home = installed("packages/meltano-target-sqlite", archive="singer-sdk==0.54.9")
    return SqliteFile(home, "target-sqlite", _written(folder, {"path_to_db": str(file)}), str(file))


def csv(folder: Path) -> Warehouse:
    """A folder of CSV files."""
    output = folder / "output"
    output.mkdir()
    config = {"output_path": str(output)}
    return CsvFiles(installed("meltanolabs-target-csv==0.5.0"), "target-csv", _written(folder, config), str(output))


def jsonl(folder: Path) -> Warehouse:
    """A folder of JSON lines: no keys, so what is loaded twice stands there twice."""
    output = folder / "output"
    output.mkdir()
    config = {"destination_path": str(output), "do_timestamp_file": False}
    return JsonLines(installed("target-jsonl==0.1.4"), "target-jsonl", _written(folder, config), str(output))


class SqliteFile(Warehouse):
    """The same for target-sqlite, whose tables any Python reads."""

    def tables(self, *columns: str) -> Tables:
        """All rows of all tables, or these columns of them."""
        with contextlib.closing(sqlite3.connect(self.connect)) as connection:
            connection.row_factory = sqlite3.Row
            names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
            rows = {name: connection.execute(f'select * from "{name}"').fetchall() for name in names}  # noqa: S608
        return {name: [_of(_ours(dict(row)), columns) for row in found] for name, found in rows.items()}


class JsonLines(Warehouse):
    """The same for target-jsonl, whose tables are files."""

    def tables(self, *columns: str) -> Tables:
        """All lines of all files, or these columns of them."""
        tables: Tables = defaultdict(list)
        for path in self.config.with_name("output").iterdir():
            with path.open() as lines:
                tables[path.stem] = [_of(json.loads(line), columns) for line in lines]
        return tables


class CsvFiles(Warehouse):
    """The same for target-csv."""

    def tables(self, *columns: str) -> Tables:
        """All rows of all files, or these columns of them."""
        tables: Tables = {}
        for path in self.config.with_name("output").glob("*.csv"):
            with path.open(newline="") as file:
                tables[path.stem] = [_of(row, columns) for row in DictReader(file)]
        return tables


def _of(row: dict[str, Any], columns: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in columns if name in row} if columns else row


def _ours(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_sdc_")}


def _written(folder: Path, config: dict[str, Any]) -> Path:
    path = folder / "target.json"
    path.write_text(json.dumps(config))
    return path
