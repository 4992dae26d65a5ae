"""Parquet files hold typed columns: the strictest of all targets."""

from __future__ import annotations

import json

import pytest

from tests.targets.messages import everything_selected, sync
from tests.targets.parquet import FLAT, bucket, parquet

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    return sync(tmp_path_factory.mktemp("flat") / "sync", FLAT, catalog=everything_selected())


@pytest.fixture(scope="module")
def tables(tmp_path_factory, flat):
    with bucket() as address:
        target = parquet(tmp_path_factory.mktemp("parquet"), address)
        target.load(flat.path)
        return target.tables()


def test_every_stream_that_has_rows_is_there_with_each_key(tables, flat):
    assert len(tables) > 80
    assert {name: len(rows) for name, rows in tables.items()} == {
        name: len(rows) for name, rows in flat.records.items() if rows
    }
    for stream, rows in tables.items():
        assert {tuple(row[name] for name in flat.keys[stream]) for row in rows} == flat.key_values(stream), stream


def test_free_form_objects_are_whole(tables, first):
    found = {row["id"]: json.loads(row["event_properties"] or "null") for row in tables["events"]}
    assert any(found.values())
    assert found == {row["id"]: row["event_properties"] for row in first.records["events"]}
