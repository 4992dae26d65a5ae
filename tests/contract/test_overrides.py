"""Deviations from the document: each is needed, and each has its reason."""

from __future__ import annotations

from typing import Any

import pytest

from tools.contract import overrides
from tools.contract.__main__ import PACKAGE, contents, kept

TABLES: list[dict[Any, Any]] = [
    overrides.ATTRIBUTES,
    overrides.COPIED,
    overrides.DROPPED,
    overrides.EVERYWHERE,
    overrides.LIMITS,
    overrides.LIMIT_VALUES,
    overrides.OMITTED,
    overrides.OPERATORS,
    overrides.REPORTS,
    overrides.STREAM_NAMES,
    overrides.TYPED,
    overrides.UNITED,
    overrides.UNLISTED,
    overrides.VARIANTS,
    overrides.VOLATILE,
]
DOCUMENTS = kept(PACKAGE)


@pytest.fixture(scope="module")
def overridden() -> dict[str, str]:
    return contents(DOCUMENTS)


ENTRIES = [(table, key) for table in TABLES for key in table]


@pytest.mark.parametrize(("table", "key"), ENTRIES, ids=[str(key) for _, key in ENTRIES])
def test_an_override_changes_what_is_generated(
    table: dict[Any, Any], key: Any, monkeypatch: pytest.MonkeyPatch, overridden: dict[str, str]
) -> None:
    monkeypatch.delitem(table, key)
    assert contents(DOCUMENTS) != overridden


def test_every_reason_says_something() -> None:
    reasons = [str(getattr(entry, "reason", entry)) for table in TABLES for entry in table.values()]
    assert all(len(reason.split()) > 5 for reason in reasons)
