"""Rows that no bound can be held against come once, whichever request brings them."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Raw, Struct

from tap_klaviyo.pagination import null_cursor
from tap_klaviyo.pagination.null_cursor import Once
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.rows import Rows

DATED = datetime(2026, 1, 1, tzinfo=UTC)


class Maker:
    def rows(self, document, context):
        raise NotImplementedError

    def page(self, rows):
        return Page(records=list(rows.records))


class Record(Struct):
    """As the fast way makes them."""

    id: str
    x: Raw = Raw(b"{}")


def written(once, *rows):
    return once.page(Rows([record for record, _ in rows], [instant for _, instant in rows])).records


def test_a_row_without_a_date_comes_once_and_again_where_it_differs():
    once = Once(Maker())
    first, second, odd = {"id": "a", "x": None}, {"id": "b", "x": None}, {"id": "\ud83d", "x": None}
    assert written(once, (first, None), (second, None), (odd, None)) == [first, second, odd]
    assert written(once, (second, None), (odd, None)) == []
    changed = {"id": "b", "x": 1}
    assert written(once, (first, None), (changed, None)) == [changed]


def test_records_of_the_fast_way_are_told_apart_as_others_are():
    once = Once(Maker())
    rows = [Record("a"), Record("\ud83d"), Record("\ud83d", Raw(b"[]"))]
    assert written(once, *((row, None) for row in rows)) == rows
    assert written(once, *((row, None) for row in rows)) == []


def test_rows_with_a_date_are_for_the_bounds_to_judge():
    once = Once(Maker())
    row = {"id": "a"}
    assert written(once, (row, DATED)) == [row]
    assert written(once, (row, DATED), (row, None)) == [row, row]


def test_what_is_remembered_has_a_bound(monkeypatch):
    monkeypatch.setattr(null_cursor, "_REMEMBERED", 1)
    once = Once(Maker())
    first, second = {"id": "a"}, {"id": "b"}
    for expected in ([first, second], [second], [second]):
        assert written(once, (first, None), (second, None)) == expected
