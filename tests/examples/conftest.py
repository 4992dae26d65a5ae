"""Warehouses with the sandbox's shop in them, for dbt to build on."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.targets import warehouses


@pytest.fixture(params=["duckdb", "postgres"])
def loaded(request, tmp_path):
    """A warehouse with the sandbox's shop in it, dbt's environment variables for it, and its name in profiles.yml."""
    if request.param == "duckdb":
        warehouse, _ = request.getfixturevalue("duckdb_loaded")
        file = shutil.copy(warehouse.config.with_name("warehouse.duckdb"), tmp_path)
        return f"import duckdb; connection = duckdb.connect({str(file)!r})", {"KLAVIYO_DUCKDB": str(file)}, "duckdb"
    port = request.getfixturevalue("postgres_port")
    warehouse = warehouses.postgres(tmp_path, port)
    warehouse.load(request.getfixturevalue("first_sync").path)
    database = json.loads(warehouse.config.read_text())["database"]
    connect = (
        f"import psycopg2; connection = psycopg2.connect('host=127.0.0.1 port={port} user=postgres dbname={database}')"
    )
    return connect, {"KLAVIYO_POSTGRES_PORT": str(port), "KLAVIYO_POSTGRES_DATABASE": database}, "postgres"
