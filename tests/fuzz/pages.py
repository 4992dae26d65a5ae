"""Small real answers of every stream, and what reads them there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest import mock

import jsonschema

from tap_klaviyo.records.row_maker import RowMaker
from tap_klaviyo.sandbox import Shop
from tests.streams.syncing import sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.records.rows import Rows

_ROWS = 2
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True)
class Real:
    """An answer of one stream, cut to a few rows, and the maker of its records."""

    answer: dict[str, Any]
    maker: RowMaker
    context: Mapping[str, Any]
    keys: tuple[str, ...]
    validator: jsonschema.protocols.Validator

    @property
    def slow(self) -> RowMaker:
        """The same records without compiled types."""
        maker = self.maker
        return RowMaker(maker._shape, maker._flattener, maker._replication_key, maker._format)


@cache
def real() -> dict[str, Real]:
    """By stream, whatever the made-up shop answers while everything is synced."""
    bodies: dict[str, tuple[bytes, RowMaker]] = {}
    contexts: dict[str, Mapping[str, Any]] = {}
    parse, rows = RowMaker.parse, RowMaker.rows

    def parsing(self: RowMaker, body: bytes) -> Document:
        found = parse(self, body)
        if found.data:
            bodies.setdefault(self._format.outlets[0].stream, (body, self))
        return found

    def making(self: RowMaker, document: Document, context: Mapping[str, Any]) -> Rows:
        contexts.setdefault(self._format.outlets[0].stream, context)
        return rows(self, document, context)

    with mock.patch.object(RowMaker, "parse", parsing), mock.patch.object(RowMaker, "rows", making):
        run = sync(Shop(events=60, profiles=30))
    return {
        name: Real(
            _cut(json.loads(body)),
            maker,
            contexts.get(name, {}),
            tuple(run.tap.streams[name].primary_keys or ()),
            jsonschema.Draft202012Validator(run.tap.streams[name].schema, format_checker=formats()),
        )
        for name, (body, maker) in bodies.items()
    }


def _cut(answer: dict[str, Any]) -> dict[str, Any]:
    data = answer["data"]
    return {**answer, "data": data[:_ROWS] if isinstance(data, list) else data, "included": _few(answer)}


def _few(answer: dict[str, Any]) -> list[Any]:
    by_type: dict[str, list[Any]] = {}
    for resource in answer.get("included", []):
        by_type.setdefault(resource["type"], []).append(resource)
    return [resource for kind in by_type.values() for resource in kind[:_ROWS]]


def formats() -> jsonschema.FormatChecker:
    """RFC 3339 as it is written, and nothing else."""
    checker = jsonschema.FormatChecker(formats=())

    @checker.checks("date-time", raises=ValueError)
    def is_date_time(value: object) -> bool:
        if not isinstance(value, str):
            return True
        datetime.fromisoformat(value)
        return _DATE_TIME.fullmatch(value) is not None

    return checker


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def strictly(line: bytes) -> Any:
    """The line as a strict parser of RFC 8259 reads it."""
    return json.loads(line.decode(), parse_constant=_refuse)


def loosely(line: bytes) -> Any:
    """The line as Python reads it, which is how most targets do."""
    return json.loads(line)
