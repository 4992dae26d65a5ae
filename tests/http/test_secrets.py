"""Marked secrets go through every failure, and none comes out: not in a log of any level, nor in any error."""

from __future__ import annotations

import logging
import traceback
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings, OAuth, TokenFile
from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.http.redact import clean
from tests.http import faulty
from tests.http.test_faults import FAULTS
from tests.http.wire import FakeTime, client, error, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from requests_mock import Mocker

    from tests.http.faulty import Fault, Handler

MARK = "MARKED"
KEY = f"pk_{MARK}0123456789"
ADDRESS = f"{MARK}@example.org"
FILTER = {"filter": f'equals(email,"{ADDRESS}")'}
ECHO = f"key {KEY} profile {ADDRESS} Klaviyo-API-Key {KEY}"


@pytest.fixture(autouse=True)
def everything_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    # requests-mock writes whole URLs at debug level; it is not there outside of tests.
    logging.getLogger("requests_mock").setLevel(logging.WARNING)
    with caplog.at_level(logging.DEBUG):
        yield


def told(run: Callable[[], object], caplog: pytest.LogCaptureFixture) -> str:
    """All that a run writes and raises, tracebacks and the errors' own values included."""
    text = ""
    try:
        run()
    except KlaviyoError as error:
        # A context that is only suppressed still leaves with the error, and some reporters send it.
        text += repr((error, vars(error), error.__context__, error.__cause__))
        text += "".join(traceback.format_exception(error))
    text += caplog.text
    assert text
    return text


def echo(handler: Handler) -> None:
    handler.reply(ECHO.encode(), status=400, Content_Type="text/plain")


def broken_echo(handler: Handler) -> None:
    handler.reply(ECHO.encode())


def foreign_echo(handler: Handler) -> None:
    handler.reply(b"", status=302, Location=f"https://evil.example/?{ECHO.replace(' ', '+')}")


def odd_redirect(handler: Handler) -> None:
    handler.reply(b"", status=302, Location=f"http://[{MARK}")


def odd_retry_after(handler: Handler) -> None:
    handler.reply(b"{}", status=429, Retry_After=MARK, RateLimit_Limit=MARK)


@pytest.mark.parametrize(
    "fault",
    [*FAULTS, echo, broken_echo, foreign_echo, odd_redirect, odd_retry_after],
    ids=lambda fault: fault.__name__,
)
def test_over_a_socket(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    with faulty.serving(fault, fault) as server:
        http = client(api_url=server.url, auth=ApiKeyAuth(KEY), request_timeout=0.2, retry=1)
        with closing(http):
            text = told(lambda: http.send(request(http, params=FILTER)), caplog)
        assert MARK in server.paths[0]
    assert MARK not in text


@pytest.mark.parametrize(
    "answer",
    [
        error(400, ECHO, ECHO, parameter=ECHO),
        error(400, "invalid", f"Invalid API key {KEY}"),
        error(401, ECHO, ECHO),
        error(403, "permission_denied", ECHO),
        error(404, "not_found", ECHO),
        error(410, "gone", ECHO),
        error(418, ECHO, ECHO),
        {"status_code": 429, "text": ECHO, "headers": {"Retry-After": "9999"}},
        {"status_code": 200, "content": b"{}", "headers": {"X-Klaviyo-API-Revision": ECHO}},
    ],
)
def test_in_an_answer(requests_mock: Mocker, answer: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    requests_mock.get("https://a.klaviyo.com/api/profiles", **answer)
    http = client(auth=ApiKeyAuth(KEY))
    text = told(lambda: http.send(request(http, params=FILTER)), caplog)
    assert MARK not in text


@pytest.mark.parametrize("link", [f"https://evil.example/{MARK}", f"https://{MARK}:{MARK}@a.klaviyo.com/", f"//{MARK}"])
def test_in_a_link(link: str, caplog: pytest.LogCaptureFixture) -> None:
    http = client(auth=ApiKeyAuth(KEY))
    text = told(lambda: http.send(request(http).next(link)), caplog)
    assert MARK not in text


@pytest.mark.parametrize("key", [f"{KEY}\n{KEY}", f"{KEY} é", f"{KEY} {KEY}"])
def test_in_a_key_that_is_refused(key: str, caplog: pytest.LogCaptureFixture) -> None:
    assert MARK not in told(lambda: ApiKeyAuth(key), caplog)


@pytest.mark.parametrize("url", [f"https://user:{MARK}@a.klaviyo.com", f"https://a.klaviyo.com/{MARK}", f"{MARK}://x"])
def test_in_an_api_url_that_is_refused(url: str, caplog: pytest.LogCaptureFixture) -> None:
    assert MARK not in told(lambda: Http(HttpSettings(api_url=url)), caplog)


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 400, "json": {"error": "invalid_grant", "error_description": f"refresh-{MARK}"}},
        {"status_code": 401, "json": {"error": f"secret-{MARK}"}},
        {"status_code": 503, "text": f"refresh-{MARK}"},
        {"json": {"access_token": f"access {MARK}"}},
        {"json": {"access_token": 7, "refresh_token": f"refresh-{MARK}"}},
        {"json": {"access_token": f"access-{MARK}", "refresh_token": f"other-{MARK}"}},
        {"text": '{"access_token": "' + MARK},
    ],
)
@pytest.mark.parametrize("file", [None, "token.json", "missing/token.json"])
def test_in_oauth(
    requests_mock: Mocker,
    answer: dict[str, Any],
    file: str | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests_mock.post("https://a.klaviyo.com/oauth/token", **answer)
    requests_mock.get("https://a.klaviyo.com/api/profiles", **error(401, ECHO, ECHO))
    kept = TokenFile(tmp_path / file) if file else None
    time = FakeTime()
    auth = OAuth(f"id-{MARK}", f"secret-{MARK}", f"refresh-{MARK}", kept, clock=time.clock)
    http = client(time, auth=auth)
    text = told(lambda: http.send(request(http, params=FILTER)), caplog)
    assert MARK not in text
    assert MARK not in f"{vars(auth)} {http._settings!r}"


def test_a_proxy_s_password_is_known(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    with faulty.serving(faulty.cut) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.replace("://", f"://user:secret-{MARK}@"))
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        http = client(api_url="https://localhost:9", auth=ApiKeyAuth(KEY), retry=0)
        with closing(http):
            text = told(lambda: http.send(request(http, params=FILTER)), caplog)
            assert MARK not in clean(f"connecting to http://user:secret-{MARK}@proxy:3128")
    assert MARK not in text


@pytest.mark.parametrize("value", [f"{MARK}\nX: 1", f"{MARK} ключ"])
def test_in_a_header_that_cannot_be_sent(value: str, caplog: pytest.LogCaptureFixture) -> None:
    with faulty.serving() as server:
        http = client(api_url=server.url, auth=ApiKeyAuth(KEY))
        with closing(http):
            text = told(lambda: http.send(request(http, headers={"X-Own": value})), caplog)
        assert server.paths == []
    assert "cannot be sent" in text
    assert MARK not in text


def test_the_marks_do_reach_the_wire() -> None:
    with faulty.serving() as server, closing(client(api_url=server.url, auth=ApiKeyAuth(KEY))) as http:
        with suppress(KlaviyoError):
            http.send(request(http, params=FILTER))
        assert KEY in server.heads[0]["Authorization"]
        assert MARK in server.paths[0]
