"""The command line in this process, against a shop on a real socket; no run may let a marked secret out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import signal
import sys
import threading
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.server import serve
from tap_klaviyo.tap import main
from tests.catalogs import selecting
from tests.streams.syncing import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from tap_klaviyo.sandbox import Shop
    from tap_klaviyo.sandbox.responses import Response

    Meddle = Callable[[str, Response], Response]

MARK = "MARKED"
KEY = f"pk_{MARK}0123456789abcdef"
ADDRESS = f"{MARK}.person@example.org"
_ECHO = f" It was Klaviyo-API-Key {KEY}, for {ADDRESS}."
_RECORD = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ \| (?P<level>\w+) +\| (?P<logger>\S+) +\| (?P<message>.*)$")


class Klaviyo(Sandbox):
    """A sandbox that quotes secrets in each error, and whose answers a test may spoil further."""

    def __init__(self, shop: Shop, **given: Any) -> None:
        super().__init__(shop, **{"now": lambda: TODAY, **given})
        self.meddle: Meddle = lambda _path, response: response
        self.authorizations: list[str] = []

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        response = super().respond(method, target, headers, body)
        self.authorizations.append({name.lower(): value for name, value in headers.items()}.get("authorization", ""))
        return self.meddle(target.partition("?")[0], _with_secrets(response))

    def paths(self, path: str) -> list[str]:
        """The queries of the requests to one endpoint."""
        return [logged.query for logged in self.requests if logged.path == path]

    def ids(self, kind: str) -> list[str]:
        """All resources of a type."""
        return sorted(one.id for one in self.shop.resources(kind))


def _with_secrets(response: Response) -> Response:
    if response.status < 400 or not response.body.startswith(b'{"errors"'):
        return response
    document = json.loads(response.body)
    for error in document["errors"]:
        error["detail"] = f"{error.get('detail', '')}{_ECHO}"
        error["meta"] = {"sent": _ECHO}
    return replace(response, body=json.dumps(document).encode())


@dataclass
class Outcome:
    """What a run wrote, and how it ended; `log` has (level, message) pairs, a traceback being part of its message."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def log(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for line in self.stderr.splitlines():
            if match := _RECORD.match(line):
                found.append((match["level"], match["message"]))
            elif found:
                found[-1] = (found[-1][0], f"{found[-1][1]}\n{line}")
            else:
                found.append(("NONE", line))
        return found

    def said(self, level: str) -> list[str]:
        """The messages of one level."""
        return [message for at, message in self.log if at == level]

    @property
    def error(self) -> str:
        """The one line that says what failed."""
        return self._only("ERROR")

    @property
    def warning(self) -> str:
        """The one warning."""
        return self._only("WARNING")

    def _only(self, level: str) -> str:
        said = self.said(level)
        assert len(said) == 1, said
        assert "\n" not in said[0]
        return said[0]

    @property
    def complaints(self) -> list[str]:
        """Warnings and errors."""
        return [message for level, message in self.log if level in {"WARNING", "ERROR", "CRITICAL", "NONE"}]

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and one["stream"] == stream]

    def ids(self, stream: str) -> list[str]:
        return sorted(record["id"] for record in self.records(stream))

    @property
    def state(self) -> dict[str, Any]:
        """The bookmarks of the last STATE."""
        states = [one["value"] for one in self.messages if one["type"] == "STATE"]
        found: dict[str, Any] = states[-1]["bookmarks"] if states else {}
        return found

    def check(self) -> Outcome:
        """Whole lines of JSON on stdout, no secret anywhere, tracebacks at debug level only."""
        text = self.stdout.decode()
        assert not text or text.endswith("\n")
        assert all(one["type"] in {"SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"} for one in self.messages)
        assert MARK not in text
        assert MARK not in self.stderr
        for level, message in self.log:
            assert level == "DEBUG" or "Traceback" not in message, message
        return self


def catalog_of(config: dict[str, Any], *streams: str) -> dict[str, Any]:
    """A catalog with only these streams selected."""
    # Discovery refuses bad settings as a sync does, and what there is does not depend on where it is.
    return selecting({**config, "api_url": "sandbox://"}, streams)


@dataclass
class Machine:
    """Runs the command line in a folder of its own."""

    folder: Path

    def settings(self, url: str, **config: Any) -> dict[str, Any]:
        """A key, hardly any wait between tries."""
        given = {
            "api_url": url,
            "auth_token": KEY,
            "retry": 3,
            "retry_backoff_multiplier_ms": 1,
            "retry_backoff_max_ms": 2,
            **config,
        }
        return {name: value for name, value in given.items() if value is not None}

    def files(self, url: str, *streams: str, state: dict[str, Any] | None = None, **config: Any) -> list[str]:
        """The command line's arguments, and the files that they name."""
        settings = self.settings(url, **config)
        contents = {"config": settings, "catalog": catalog_of(settings, *streams), "state": state}
        arguments = []
        for name, content in contents.items():
            if content is not None:
                path = self.folder / f"{name}.json"
                path.write_text(json.dumps(content))
                arguments += [f"--{name}", str(path)]
        return arguments

    def sync(self, url: str, *streams: str, state: dict[str, Any] | None = None, **config: Any) -> Outcome:
        """Sync some streams, at debug level."""
        return self.run(*self.files(url, *streams, state=state, **config))

    def run(self, *arguments: str, **environment: str) -> Outcome:
        """Run with these arguments, at debug level."""
        stdout, stderr = io.BytesIO(), io.StringIO()
        code = self.run_into(stdout, stderr, arguments, {"TAP_KLAVIYO_LOGLEVEL": "DEBUG", **environment})
        return Outcome(code, stdout.getvalue(), stderr.getvalue()).check()

    def run_into(
        self,
        stdout: io.BytesIO,
        stderr: io.StringIO,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        now: Callable[[], datetime] = lambda: TODAY,
    ) -> int:
        """Run with these arguments, and return the exit code."""
        text = io.TextIOWrapper(stdout, encoding="utf-8", write_through=True)
        try:
            with _apart(text, stderr, dict(environment), list(arguments), now):
                main()
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            text.detach()
        return 0


@contextlib.contextmanager
def _apart(
    stdout: Any, stderr: Any, environment: dict[str, str], arguments: list[str], now: Callable[[], datetime]
) -> Iterator[None]:
    """Give back what a command line takes over of its process."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    levels = {name: logging.getLogger(name).level for name in root.manager.loggerDict}
    running = set(threading.enumerate())
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    root.handlers[:] = []
    try:
        with (
            mock.patch.dict("os.environ", environment),
            mock.patch("sys.argv", ["tap-klaviyo", *arguments]),
            warnings.catch_warnings(),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            # Klaviyo's dates and the shop's: what reaches back a few days still has some.
            mock.patch("tap_klaviyo.tap.datetime", _Clock(now)),
            # It would end the tests with the command.
            mock.patch("tap_klaviyo.sync.watchdog._GRACE_SECONDS", 300.0),
        ):
            try:
                yield
            finally:
                _join(running)
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in root.manager.loggerDict:
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))
        sys.excepthook = hook
        for number, handler in signals.items():
            signal.signal(number, handler)


def _join(running: set[threading.Thread]) -> None:
    """Wait for the readers that a run leaves behind: they stop after the requests at hand."""
    for thread in set(threading.enumerate()) - running:
        if not thread.name.startswith("Thread-"):  # the servers' own
            thread.join(30)
            assert not thread.is_alive(), thread.name


class _Clock:
    """The time that the shop has."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def now(self, _zone: Any) -> datetime:
        return self._now()


@contextlib.contextmanager
def open_shop(shop: Shop, **given: Any) -> Iterator[tuple[Klaviyo, str]]:
    """A Klaviyo over HTTP, and its URL."""
    klaviyo = Klaviyo(shop, **given)
    with serve(klaviyo) as url:
        yield klaviyo, url
