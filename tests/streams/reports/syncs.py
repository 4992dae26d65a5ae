"""How these tests sync reports: in this process, from a sandbox of their own, at a time of their own."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import requests_mock

from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings
from tap_klaviyo.http.waiting import Patience
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sync.clock import Clock
from tap_klaviyo.tap import TapKlaviyo
from tests.catalogs import selecting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.sandbox.responses import Response
    from tests.http.wire import FakeTime

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)


@dataclass
class Synced:
    """What one sync wrote, and what failed in it."""

    messages: list[dict[str, Any]]
    failures: list[str] = field(default_factory=list)

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and one["stream"] == stream]

    def rows(self, stream: str) -> dict[tuple[str, ...], dict[str, Any]]:
        """Return the records as a target keeps them, by key; all keys are there, and none is null."""
        (schema,) = [one for one in self.messages if one["type"] == "SCHEMA" and one["stream"] == stream]
        found = {}
        for record in self.records(stream):
            key = tuple(record[name] for name in schema["key_properties"])
            assert all(isinstance(part, str) for part in key)
            found[key] = record
        return found

    @property
    def state(self) -> dict[str, Any]:
        states: list[dict[str, Any]] = [one["value"] for one in self.messages if one["type"] == "STATE"]
        return states[-1] if states else {"bookmarks": {}}

    def bookmark(self, stream: str) -> str | None:
        value = self.state["bookmarks"].get(stream, {}).get("replication_key_value")
        return value and str(value)[:10]


class Recorder(Sandbox):
    """A sandbox that remembers what POSTs asked, in their order."""

    def __init__(self, shop: Shop, now: datetime = NOW) -> None:
        super().__init__(shop, now=lambda: now)
        self.asked: list[dict[str, Any]] = []

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        if body:
            self.asked.append(json.loads(body)["data"]["attributes"])
        return super().respond(method, target, headers, body)


def sandbox_in(zone: str, **shop: Any) -> Recorder:
    """Return a sandbox whose account is in a time zone."""
    made = Shop(**shop)
    made.update("account", "AbC123", timezone=zone)
    return Recorder(made)


class Answering:
    """Stands in for the sandbox where the account is asked, and answers a report with what a test says."""

    def __init__(self, *answers: Any, zone: str = "UTC", status: int = 200) -> None:
        self._sandbox = sandbox_in(zone, events=1)
        self._answers = [*answers]
        self._status = status
        self.bodies: list[bytes] = []
        self.targets: list[str] = []

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        if method == "GET":
            return self._sandbox.handle(method, target, headers, body)
        self.bodies.append(body)
        self.targets.append(target)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return self._status, {}, answer if isinstance(answer, bytes) else json.dumps(answer).encode()


def metric_id(shop: Shop, name: str) -> str:
    """Return the id of the oldest metric of a name."""
    found = [one for one in shop.resources("metric") if one.attributes["name"] == name]
    return min(found, key=lambda one: one.attributes["created"].replace("T", " ")).id


def tap_of(
    config: Mapping[str, Any],
    *streams: str,
    state: dict[str, Any] | None = None,
    columns: set[str] | None = None,
    method: str | None = None,
    now: datetime = NOW,
) -> TapKlaviyo:
    """Return a tap with some streams selected, and with ``columns`` no others of theirs."""
    config = {"api_url": "sandbox://", **config}
    catalog = selecting(config, streams)
    for entry in catalog["streams"]:
        if method is not None:
            entry["replication_method"] = method
        for item in entry["metadata"]:
            if item["breadcrumb"] and columns is not None:
                item["metadata"]["selected"] = item["breadcrumb"][-1] in columns
    return TapKlaviyo(config=config, catalog=catalog, state=state, now=now)


def run(tap: TapKlaviyo, sandbox: Sandbox | Answering) -> Synced:
    """Sync from a sandbox in this process, without limits, whose clock is the tap's."""
    began = tap.session.clock.began
    if isinstance(sandbox, Sandbox):
        sandbox.now = lambda: began
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox):
        return _written(tap)


def run_within_limits(tap: TapKlaviyo, sandbox: Sandbox, time: FakeTime) -> Synced:
    """Sync as if the sandbox were Klaviyo itself, whose limits are kept; only waiting makes the time pass, for both."""
    begun, began = time.now, tap.session.clock.began
    session = tap.session
    object.__setattr__(session, "clock", Clock(began, time.clock))  # the streams hold this very session
    sandbox.now = lambda: began + timedelta(seconds=time.now - begun)
    session.sources.__dict__["http"] = Http(
        HttpSettings(auth=ApiKeyAuth("pk_made_up")), Patience(time.clock, time.sleep)
    )

    def answer(request: Any, context: Any) -> bytes:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        context.status_code, context.headers, content = sandbox.handle(
            request.method, request.url, request.headers, body
        )
        return content

    with requests_mock.Mocker() as mocker:
        mocker.register_uri(requests_mock.ANY, requests_mock.ANY, content=answer)
        return _written(tap)


def _written(tap: TapKlaviyo) -> Synced:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        tap.sync_once()
    return Synced([json.loads(line) for line in out.getvalue().splitlines()], tap.failures)


def sync(sandbox: Sandbox | Answering, config: Mapping[str, Any], *streams: str, **kwargs: Any) -> Synced:
    """Sync some streams from a sandbox."""
    return run(tap_of(config, *streams, **kwargs), sandbox)


def asked(sandbox: Sandbox, path: str) -> int:
    """Return how many requests a path got."""
    return sum(one.path == path for one in sandbox.requests)
