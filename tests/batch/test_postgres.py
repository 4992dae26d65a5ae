from __future__ import annotations

import pytest

from tests.targets import warehouses


@pytest.mark.long
def test_a_database_loads_the_files_and_loading_them_twice_changes_nothing(plain, in_files, postgres_port, tmp_path):
    database = warehouses.postgres(tmp_path, postgres_port)
    for _ in range(2):
        state = database.load(in_files.path)
        tables = database.tables()
        assert state == in_files.state
        for stream in plain.records:
            rows = [tuple(row[name] for name in plain.keys[stream]) for row in tables[stream]]
            assert len(rows) == len(set(rows)), stream
            assert set(rows) == plain.key_values(stream), stream
