"""What two syncs of every stream come to in real databases. Each schema by itself is in test_schemas."""

from __future__ import annotations

import pytest

from tests.targets import warehouses

pytestmark = pytest.mark.long


def in_order(tables):
    return {name: sorted(rows, key=str) for name, rows in tables.items()}


@pytest.fixture(scope="session")
def loaded(database, second):
    """What a database holds after the first sync and after the second, and the states that the target vouches for."""
    warehouse, state = database
    after_first = warehouse.tables()
    states = [state, warehouse.load(second.path)]
    return after_first, warehouse.tables(), states


def assert_holds_each_key_once(tables, first):
    for stream in first.records:
        keys = first.keys[stream]
        rows = [tuple(row[name] for name in keys) for row in tables[stream]]
        assert len(rows) == len(set(rows)), stream
        assert set(rows) == first.key_values(stream), stream


def test_every_stream_is_a_table_with_each_key_once(loaded, first):
    tables, _, _ = loaded
    assert_holds_each_key_once(tables, first)


def test_sqlite_holds_each_key_once_too(tmp_path, first):
    target = warehouses.sqlite(tmp_path)
    state = target.load(first.path)  # once: this target cannot upsert
    assert state == first.state
    assert_holds_each_key_once(target.tables(), first)


def test_a_second_sync_changes_no_row(loaded):
    after_first, after_second, _ = loaded
    assert in_order(after_second) == in_order(after_first)


def test_the_target_hands_back_the_state_that_the_tap_wrote(loaded, first, second):
    _, _, states = loaded
    assert states == [first.state, second.state]


def test_json_lines_hold_each_record_as_written(tmp_path, first):
    target = warehouses.jsonl(tmp_path)
    state = target.load(first.path)
    assert target.tables() == {stream: records for stream, records in first.records.items() if records}
    # This target forgets the state when a record follows it, so the last message has to be a state.
    assert state == first.state
