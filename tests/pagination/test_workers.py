"""One worker or many: the same messages in the same order, and the same state at the end."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tap_klaviyo import tap as tap_module
from tap_klaviyo.tap import TapKlaviyo


class Frozen(datetime):
    """A clock that stands still, since a bookmark may not pass the start of its sync."""

    @classmethod
    def now(cls, tz: Any = None) -> "Frozen":  # noqa: ARG003
        return cls(2025, 9, 1, 12, tzinfo=UTC)


def synced(
    capfdbinary: pytest.CaptureFixture[bytes], workers: int, state: dict[str, Any] | None
) -> tuple[list[Any], Any]:
    tap = TapKlaviyo(config={"api_url": "sandbox://", "max_workers": workers}, state=state)
    for stream in tap.streams.values():
        stream.selected = not stream.name.endswith("_report")
    tap.sync_once()
    messages = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    records = [(message["stream"], message["record"]) for message in messages if message["type"] == "RECORD"]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    return records, states[-1]


def test_one_worker_and_many_write_the_same(capfdbinary, monkeypatch):
    monkeypatch.setattr(tap_module, "datetime", Frozen)
    alone, state_alone = synced(capfdbinary, 1, None)
    together, state_together = synced(capfdbinary, 24, None)
    assert len(alone) > 9_000
    assert together == alone
    assert state_together == state_alone
    alone, state_alone = synced(capfdbinary, 1, state_alone)
    together, state_together = synced(capfdbinary, 24, state_together)
    assert together == alone
    assert state_together == state_alone
