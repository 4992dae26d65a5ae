from __future__ import annotations

import pytest

from tests.batch import files
from tests.targets import postgres, warehouses
from tests.targets.messages import sync


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A sync in files of 250 records, and the same sync record by record."""
    folder = tmp_path_factory.mktemp("batched")
    return sync(folder / "batched", files.config(folder, 250)), sync(folder / "plain")


def test_a_database_loads_the_files_and_loading_them_twice_changes_nothing(runs, tmp_path):
    batched, plain = runs
    with postgres.server() as port:
        database = warehouses.postgres(tmp_path, port)
        for _ in range(2):
            state = database.load(batched.path)
            tables = database.tables()
            assert state == batched.state
            for stream in plain.records:
                rows = [tuple(row[name] for name in plain.keys[stream]) for row in tables[stream]]
                assert len(rows) == len(set(rows)), stream
                assert set(rows) == plain.key_values(stream), stream
