"""A shop over HTTP with some endpoints more, and a tap in front of it."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tap_klaviyo.sandbox.responses import Response
from tap_klaviyo.sandbox.server import serve
from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "pk_0123456789abcdef"

Extra = tuple[int, dict[str, str], bytes]


def refusal(detail: str) -> Extra:
    """Return a 400 in Klaviyo's words."""
    return 400, {}, json.dumps({"errors": [{"code": "invalid", "detail": detail}]}).encode()


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ExtendedSandbox(Sandbox):
    """The sandbox, with answers of the test's own under some paths."""

    def __init__(self) -> None:
        super().__init__(Shop(events=400, profiles=60), access=Access(require_key=True))
        self.asked: list[Asked] = []
        self.extra: dict[str, Callable[[Asked], Extra | None]] = {}

    def respond(self, method, target, headers, body=b""):
        asked = Asked(method, target, {name.lower(): value for name, value in headers.items()}, body)
        self.asked.append(asked)
        answer = self.extra.get(asked.path, self.interfere)(asked)
        return super().respond(method, target, headers, body) if answer is None else Response(*answer)

    def interfere(self, asked: Asked) -> Extra | None:
        """Answer in the place of the shop, or leave it to the shop; for a test to replace."""
        del asked
        return None

    def answers(self, path: str, content: Any, status: int = 200, **headers: str) -> None:
        """Answer a path with JSON, or with bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.extra[path] = lambda _asked: (status, {"Content-Type": "application/json", **headers}, body)


@dataclass
class Server:
    """Where the shop is served."""

    url: str
    sandbox: ExtendedSandbox

    @property
    def config(self) -> dict[str, Any]:
        return {"api_url": self.url, "auth_token": KEY, "retry": 2, "retry_backoff_multiplier_ms": 1}

    def asked(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [one for one in self.sandbox.asked if one.path == path]


@dataclass
class Run:
    """What one sync of some streams wrote."""

    tap: TapKlaviyo
    messages: list[dict[str, Any]] = field(default_factory=list)

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and one["stream"] == stream]

    def schema(self, stream: str) -> dict[str, Any]:
        return next(one["schema"] for one in self.messages if one["type"] == "SCHEMA" and one["stream"] == stream)

    def bookmark(self, stream: str) -> dict[str, Any]:
        found: dict[str, Any] = self.tap.state["bookmarks"][stream]
        return found

    @property
    def state(self) -> dict[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(self.tap.state))
        return copy


@pytest.fixture
def server(nobody_waits: None) -> Iterator[Server]:  # noqa: ARG001
    sandbox = ExtendedSandbox()
    with serve(sandbox) as url:
        yield Server(url, sandbox)


def sync(config: dict[str, Any], *names: str, **kwargs: Any) -> Run:
    """Sync the named streams, by default those that the settings define."""
    tap = TapKlaviyo(config=config, **kwargs)
    own = [entry["name"] for setting in ("event_streams", "custom_streams") for entry in config.get(setting, ())]
    for name, stream in tap.streams.items():
        stream.selected = name in (names or own)  # whatever is selected and slow begins to read in the background
    out = io.StringIO()
    with redirect_stdout(out):
        for name in names or own:
            tap.streams[name].sync()
    tap.hang_up()
    return Run(tap, [json.loads(line) for line in out.getvalue().splitlines()])
