"""One worker or many: the same messages in the same order, and the same state at the end."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap_klaviyo import sandbox as sandbox_package
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo

NOON = datetime(2025, 9, 1, 12, tzinfo=UTC)
NEXT_DAY = NOON + timedelta(hours=25)


def synced(
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
    state: dict[str, Any] | None,
    now: datetime,
) -> tuple[list[Any], Any]:
    """Sync by a clock that stands still, the host's and Klaviyo's, since a bookmark may not pass the sync's start."""
    sandbox = Sandbox(Shop(events=1200, profiles=120), now=lambda: now)
    monkeypatch.setattr(sandbox_package, "shared", lambda: sandbox)
    tap = TapKlaviyo(config={"api_url": "sandbox://", "max_workers": workers}, state=state, now=now)
    for stream in tap.streams.values():
        stream.selected = not stream.name.endswith("_report")
    tap.sync_once()
    messages = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    records = [(message["stream"], message["record"]) for message in messages if message["type"] == "RECORD"]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    return records, states[-1]


def test_one_worker_and_many_write_the_same(capfdbinary, monkeypatch):
    alone, state_alone = synced(capfdbinary, monkeypatch, 1, None, NOON)
    together, state_together = synced(capfdbinary, monkeypatch, 24, None, NOON)
    assert len(alone) > 5_000
    assert together == alone
    assert state_together == state_alone
    alone, state_alone = synced(capfdbinary, monkeypatch, 1, state_alone, NEXT_DAY)
    together, state_together = synced(capfdbinary, monkeypatch, 24, state_together, NEXT_DAY)
    assert alone
    assert together == alone
    assert state_together == state_alone
