"""Deviations from the document: each is needed, and each has its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.contract import overrides
from tools.contract.__main__ import PINNED
from tools.contract.files import generated

TABLES: list[dict[Any, Any]] = [
    overrides.ATTRIBUTES,
    overrides.DROPPED,
    overrides.EVERYWHERE,
    overrides.LIMITS,
    overrides.LIMIT_VALUES,
    overrides.OPERATORS,
    overrides.REPORTS,
    overrides.STREAM_NAMES,
]
ENTRIES = [(table, key) for table in TABLES for key in table]


@pytest.mark.parametrize(("table", "key"), ENTRIES, ids=[str(key) for _, key in ENTRIES])
def test_an_override_changes_what_is_generated(
    table: dict[Any, Any], key: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads(PINNED.read_text())
    overridden = generated(document)
    monkeypatch.delitem(table, key)
    assert generated(document) != overridden


def test_every_reason_says_something() -> None:
    reasons = [str(getattr(entry, "reason", entry)) for table in TABLES for entry in table.values()]
    assert all(len(reason.split()) > 5 for reason in reasons)
