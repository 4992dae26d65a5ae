"""A tap in this process, on a shop of the test's own."""

from __future__ import annotations

import contextlib
import io
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.shop.making import ANCHOR
from tap_klaviyo.tap import TapKlaviyo
from tests.catalogs import selecting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from tap_klaviyo.sandbox import Shop

# The shop's rows end here, and what reaches back a few days still has some.
TODAY = ANCHOR + timedelta(minutes=1)
# A year of these, which have tests of their own, would be most of what a sync of everything reads.
_LONG = ("form_series_report", "segment_series_report")
_BEGUN = {"replication_key": "date", "replication_key_value": (TODAY - timedelta(days=14)).isoformat()}
REPORTS_BEGUN = {"bookmarks": dict.fromkeys(_LONG, _BEGUN)}


@dataclass
class Run:
    """What one sync wrote and asked."""

    messages: list[dict[str, Any]]
    tap: TapKlaviyo
    sandbox: Sandbox
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE."""
        states = [message["value"] for message in self.messages if message["type"] == "STATE"]
        found: dict[str, Any] = json.loads(json.dumps(states[-1]))
        return found

    def bookmark(self, stream: str) -> str | None:
        """The bookmark of a stream in the last STATE."""
        found: str | None = self.state["bookmarks"].get(stream, {}).get("replication_key_value")
        return found

    def asked(self, path: str) -> list[str]:
        """The queries of the requests to one endpoint."""
        return [logged.query for logged in self.sandbox.requests if logged.path == path]

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The keys of a stream's records, in their order."""
        names = self.tap.streams[stream].primary_keys or ()
        return [tuple(record[name] for name in names) for record in self.records[stream]]

    def of(self, stream: str) -> list[dict[str, Any]]:
        """The messages that name a stream."""
        return [message for message in self.messages if message.get("stream") == stream]


def sync(
    sandbox: Sandbox | Shop,
    *streams: str,
    config: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    change: Callable[[dict[str, Any]], None] | None = None,
    now: datetime = TODAY,
) -> Run:
    """Sync some streams, or all; `change` edits the catalog's entry of each of them."""
    if not isinstance(sandbox, Sandbox):
        sandbox = Sandbox(sandbox, now=lambda: now)
    settings = {"api_url": "sandbox://", **(config or {})}
    catalog = selecting(settings, streams or None)
    for entry in catalog["streams"]:
        if change is not None:
            change(entry)
    tap = TapKlaviyo(config=settings, catalog=catalog, state=state, now=now)
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox), contextlib.redirect_stdout(stdout):
        tap.sync_once()
    stdout.flush()
    raw: Iterable[bytes] = stdout.buffer.getvalue().splitlines()
    run = Run([json.loads(line) for line in raw], tap, sandbox)
    for message in run.messages:
        if message["type"] == "RECORD":
            run.records[message["stream"]].append(message["record"])
    return run
