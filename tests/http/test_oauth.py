from __future__ import annotations

import base64
import json
import logging
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from tap_klaviyo.http import OAuth, TokenFile
from tap_klaviyo.http.errors import (
    QuotaExhaustedError,
    StoppedError,
    TokenFileBusyError,
    UnauthorizedError,
    UnreachableError,
)
from tap_klaviyo.http.sandbox import SandboxAdapter
from tests.http.wire import HOST, PAGE, FakeTime, client, request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from requests_mock import Mocker

    from tap_klaviyo.http import Http

URL = f"{HOST}/api/profiles"
TOKEN = f"{HOST}/oauth/token"


class Issuer:
    """Klaviyo's token endpoint: each refresh token serves once, and only the newest access token is good."""

    def __init__(self, requests_mock: Mocker, *, rotate: bool = True, **answer: Any) -> None:
        self.refresh = {"refresh-marked-0"}
        self.rotate = rotate
        self.answer = answer
        self.issued = 0
        self.asked: list[dict[str, list[str]]] = []
        self.authorizations: list[str] = []
        requests_mock.post(TOKEN, text=self.token)
        requests_mock.get(URL, content=self.page)

    @property
    def access(self) -> str:
        return f"access-marked-{self.issued}"

    def token(self, asked: Any, context: Any) -> str:
        form = parse_qs(asked.text)
        self.asked.append(form)
        self.authorizations.append(asked.headers["Authorization"])
        if form["refresh_token"][0] not in self.refresh:
            context.status_code = 400
            return json.dumps({"error": "invalid_grant", "error_description": form["refresh_token"][0]})
        self.issued += 1
        answer = {"access_token": self.access, "expires_in": 3600, "token_type": "bearer", **self.answer}
        if self.rotate:
            answer["refresh_token"] = f"refresh-marked-{self.issued}"
            self.refresh = {answer["refresh_token"]}
        return json.dumps(answer)

    def page(self, asked: Any, context: Any) -> bytes:
        if asked.headers["Authorization"] != f"Bearer {self.access}":
            context.status_code = 401
            return b'{"errors": [{"code": "not_authenticated"}]}'
        return PAGE


def oauth(time: FakeTime, path: Path | None = None, refresh: str = "refresh-marked-0", **settings: Any) -> Http:
    auth = OAuth("client", "client-marked", refresh, TokenFile(path) if path else None, clock=time.clock)
    return client(time, auth=auth, **settings)


def test_the_token_is_asked_for_as_klaviyo_wants(requests_mock: Mocker) -> None:
    issuer = Issuer(requests_mock)
    http = oauth(FakeTime())
    assert http.send(request(http)).body == PAGE
    assert issuer.asked == [{"grant_type": ["refresh_token"], "refresh_token": ["refresh-marked-0"]}]
    assert issuer.authorizations == [f"Basic {base64.b64encode(b'client:client-marked').decode()}"]
    sent = requests_mock.request_history[0].headers
    assert sent["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("life", "good_until"), [(3600, 3540), (120, 60), (60, 30), ("600", 540), (None, 3540), (0, 3540), (-1, 3540)]
)
def test_a_token_is_renewed_before_it_ends(requests_mock: Mocker, life: Any, good_until: float) -> None:
    issuer = Issuer(requests_mock, expires_in=life)
    time = FakeTime()
    http = oauth(time)
    http.send(request(http))
    time.now += good_until - 1
    http.send(request(http))
    assert issuer.issued == 1
    time.now += 1
    http.send(request(http))
    assert issuer.issued == 2


def test_a_401_in_mid_sync_renews_once_and_goes_on(requests_mock: Mocker) -> None:
    issuer = Issuer(requests_mock)
    http = oauth(FakeTime())
    http.send(request(http))
    issuer.issued += 1  # the token at hand is not good any more
    assert http.send(request(http)).status == 200
    assert len(issuer.asked) == 2


class SlowIssuer:
    """Answers in this process, so that threads really meet: eight at the page, and a token takes its time."""

    def __init__(self) -> None:
        self.issued = 0
        self.expected = 1
        self.together = threading.Barrier(8)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        del method, body
        if target.endswith("/oauth/token"):
            threading.Event().wait(0.05)
            self.issued += 1
            return 200, {}, json.dumps({"access_token": f"access-{self.issued}", "expires_in": 3600}).encode()
        authorization = headers["Authorization"]
        if authorization == f"Bearer access-{self.expected}":
            return 200, {}, PAGE
        self.together.wait(20)
        return 401, {}, b"{}"


def eight(http: Http) -> list[int]:
    gate = threading.Barrier(8)

    def work(_: int) -> int:
        gate.wait(20)
        return http.send(request(http)).status

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, range(8)))


def test_threads_renew_once_for_all() -> None:
    issuer, time = SlowIssuer(), FakeTime()
    http = oauth(time, api_url="sandbox://", max_workers=8)
    http._transport._session.mount("sandbox://", SandboxAdapter(issuer))
    assert eight(http) == [200] * 8
    assert issuer.issued == 1
    time.now += 3600
    issuer.expected = 2
    assert eight(http) == [200] * 8
    assert issuer.issued == 2


def test_threads_that_meet_a_401_together_renew_once() -> None:
    issuer = SlowIssuer()
    http = oauth(FakeTime(), api_url="sandbox://", max_workers=8)
    http._transport._session.mount("sandbox://", SandboxAdapter(issuer))
    issuer.expected = 2
    assert eight(http) == [200] * 8
    assert issuer.issued == 2


def test_one_worker_is_enough_for_a_token_and_a_page() -> None:
    issuer = SlowIssuer()
    http = oauth(FakeTime(), api_url="sandbox://", max_workers=1)
    http._transport._session.mount("sandbox://", SandboxAdapter(issuer))
    assert eight(http) == [200] * 8
    assert issuer.issued == 1


def test_a_401_that_stays_is_an_error_that_names_the_setting(requests_mock: Mocker) -> None:
    Issuer(requests_mock)
    requests_mock.get(URL, status_code=401, json={"errors": [{"code": "not_authenticated"}]})
    http = oauth(FakeTime())
    with pytest.raises(UnauthorizedError, match="refresh_token"):
        http.send(request(http))
    assert [sent.path for sent in requests_mock.request_history] == ["/oauth/token", "/api/profiles"] * 2


def test_a_replaced_token_is_kept_in_the_file_and_wins_over_the_setting(requests_mock: Mocker, tmp_path: Path) -> None:
    issuer = Issuer(requests_mock)
    path = tmp_path / "token.json"
    http = oauth(FakeTime(), path)
    http.send(request(http))
    assert json.loads(path.read_text()) == {"refresh_token": "refresh-marked-1"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted({entry.name for entry in tmp_path.iterdir()} - {".token.json.lock"}) == ["token.json"]
    http = oauth(FakeTime(), path)
    http.send(request(http))
    assert issuer.asked[-1]["refresh_token"] == ["refresh-marked-1"]
    assert json.loads(path.read_text()) == {"refresh_token": "refresh-marked-2"}


def test_a_token_that_is_not_replaced_leaves_no_file(requests_mock: Mocker, tmp_path: Path) -> None:
    Issuer(requests_mock, rotate=False)
    http = oauth(FakeTime(), tmp_path / "token.json")
    http.send(request(http))
    assert not (tmp_path / "token.json").exists()


def test_the_setting_is_tried_when_the_file_s_token_is_refused(requests_mock: Mocker, tmp_path: Path) -> None:
    issuer = Issuer(requests_mock)
    path = tmp_path / "token.json"
    path.write_text('{"refresh_token": "refresh-of-last-year"}')
    http = oauth(FakeTime(), path)
    http.send(request(http))
    assert [form["refresh_token"] for form in issuer.asked] == [["refresh-of-last-year"], ["refresh-marked-0"]]
    assert json.loads(path.read_text()) == {"refresh_token": "refresh-marked-1"}


def test_without_a_file_a_replaced_token_serves_for_the_run_and_the_user_is_told_once(
    requests_mock: Mocker, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = Issuer(requests_mock)
    time = FakeTime()
    http = oauth(time)
    for _ in range(3):
        http.send(request(http))
        time.now += 3600
    assert [form["refresh_token"][0] for form in issuer.asked] == [f"refresh-marked-{n}" for n in range(3)]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "token_file" in warnings[0]
    assert "marked" not in caplog.text


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"refresh_token": 1}', '{"refresh_token": ""}'])
def test_a_file_without_a_token_is_passed_over(requests_mock: Mocker, tmp_path: Path, content: str) -> None:
    issuer = Issuer(requests_mock)
    path = tmp_path / "token.json"
    path.write_text(content)
    http = oauth(FakeTime(), path)
    http.send(request(http))
    assert issuer.asked[0]["refresh_token"] == ["refresh-marked-0"]


def test_a_file_that_cannot_be_written_does_not_end_the_run(
    requests_mock: Mocker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Issuer(requests_mock)
    (tmp_path / "file").touch()
    http = oauth(FakeTime(), tmp_path / "file" / "token.json")
    assert http.send(request(http)).status == 200
    assert "cannot be written: Not a directory" in caplog.text
    assert "marked" not in caplog.text


def test_a_file_that_fails_half_way_keeps_the_old_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token.json"
    file = TokenFile(path)
    http = oauth(FakeTime())
    file.write(http._auth._given)  # type: ignore[attr-defined]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    before = path.read_bytes()
    file.write(http._auth._client_secret)  # type: ignore[attr-defined]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_token_that_another_process_replaced_meanwhile_is_used(requests_mock: Mocker, tmp_path: Path) -> None:
    issuer = Issuer(requests_mock)
    path = tmp_path / "token.json"
    first, second = (FakeTime(), FakeTime())
    one, other = oauth(first, path), oauth(second, path)
    for turn in range(4):
        for time, http in ((first, one), (second, other)):
            http.send(request(http))
            time.now += 3600
        assert issuer.issued == 2 * turn + 2
    # Each token was used once: nobody had to learn of a replaced one from a refusal.
    assert [form["refresh_token"][0] for form in issuer.asked] == [f"refresh-marked-{n}" for n in range(8)]


def test_where_the_file_cannot_be_written_the_token_at_hand_is_the_newer_one(
    requests_mock: Mocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer = Issuer(requests_mock)
    path = tmp_path / "token.json"
    path.write_text('{"refresh_token": "refresh-marked-0"}')

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    time = FakeTime()
    http = oauth(time, path)
    for _ in range(3):
        http.send(request(http))
        time.now += 3600
    assert [form["refresh_token"][0] for form in issuer.asked] == [f"refresh-marked-{n}" for n in range(3)]


def test_nobody_else_uses_the_token_while_it_is_being_replaced(requests_mock: Mocker, tmp_path: Path) -> None:
    Issuer(requests_mock)
    path = tmp_path / "token.json"
    http = oauth(FakeTime(), path)
    other = TokenFile(path)
    refused: list[bool] = []

    def token(_: Any, context: Any) -> str:
        del context
        with pytest.raises(StoppedError), other.held(stop):
            pytest.fail("two hold the token")
        refused.append(True)
        return '{"access_token": "access-marked-0"}'

    def stop(_: float) -> None:
        message = "stopped"
        raise StoppedError(message)

    requests_mock.post(TOKEN, text=token)
    http.send(request(http))
    assert refused == [True]
    with other.held(stop):
        pass


def test_a_lock_that_is_never_released_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "token.json"
    waits: list[float] = []
    busy = pytest.raises(TokenFileBusyError, match="locked by another process")
    with TokenFile(path).held(lambda _: None), busy, TokenFile(path).held(waits.append):
        pytest.fail("two hold the token")
    assert 890 < sum(waits) < 910


WORKER = """
import json, sys, pathlib, time
from tap_klaviyo.http import TokenFile
from tap_klaviyo.http.redact import Secret
file, used = TokenFile(pathlib.Path(sys.argv[1])), pathlib.Path(sys.argv[2])
for _ in range(20):
    with file.held(time.sleep):
        number = int(file.read().reveal())
        with used.open("a") as log:
            log.write(f"{number}\\n")
        assert file.write(Secret(str(number + 1)))
"""


def test_processes_use_each_token_once(tmp_path: Path) -> None:
    path, used = tmp_path / "token.json", tmp_path / "used"
    path.write_text('{"refresh_token": "0"}')
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(path), str(used)]) for _ in range(3)]
    assert [worker.wait(120) for worker in workers] == [0] * 3
    assert used.read_text().split() == [str(number) for number in range(60)]


def test_a_file_system_without_locks_is_told_once(
    requests_mock: Mocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def acquire(*_: Any, **__: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr("filelock.FileLock.acquire", acquire)
    issuer = Issuer(requests_mock)
    time = FakeTime()
    http = oauth(time, tmp_path / "token.json")
    for _ in range(3):
        http.send(request(http))
        time.now += 3600
    assert issuer.issued == 3
    (line,) = (record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)
    assert "cannot be locked: the file system has no locks" in line


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status_code": 400, "json": {"error": "invalid_grant"}}, "(invalid_grant)"),
        ({"status_code": 400, "json": {"error": "invalid_grant_type"}}, "(invalid_grant)"),
        ({"status_code": 401, "json": {"error": "invalid_grant"}}, "(invalid_grant)"),
        ({"status_code": 403, "json": {"error": "invalid_grant"}}, "(invalid_grant)"),
        ({"status_code": 400, "json": {"error": "INVALID_GRANT"}}, "(invalid_grant)"),
        ({"status_code": 400, "json": {"error": {"code": "invalid_grant"}}}, "(invalid_grant)"),
        ({"status_code": 400, "json": {"errors": [{"code": "invalid_grant", "detail": "x"}]}}, "(invalid_grant)"),
        ({"status_code": 400, "text": "invalid_grant: refresh-marked-0"}, "(invalid_grant)"),
        ({"status_code": 401, "text": "error=invalid_grant&x=1"}, "(invalid_grant)"),
        (
            {"status_code": 400, "text": "<p>invalid_grant</p>", "headers": {"Content-Type": "text/html"}},
            "(invalid_grant)",
        ),
        ({"status_code": 403, "json": {"error": "invalid_client"}}, "client_id and client_secret"),
        ({"status_code": 401, "json": {"error": "invalid_client"}}, "client_id and client_secret"),
        ({"status_code": 401, "text": ""}, "client_id and client_secret"),
        ({"status_code": 400, "json": {"error": "odd", "x": "refresh-marked-0"}}, "three OAuth settings"),
        ({"status_code": 302, "headers": {"Location": "https://evil.example/"}}, "three OAuth settings"),
        ({"json": {"access_token": None}}, "without an access token"),
        ({"json": {"access_token": "two words"}}, "without an access token"),
        ({"json": {}}, "without an access token"),
    ],
)
def test_a_refused_token_is_one_clear_line(requests_mock: Mocker, answer: dict[str, Any], words: str) -> None:
    requests_mock.post(TOKEN, **answer)
    http = oauth(FakeTime())
    with pytest.raises(UnauthorizedError) as raised:
        http.send(request(http))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "marked" not in str(raised.value)
    assert raised.value.__context__ is None
    assert requests_mock.call_count == 1


def test_the_token_endpoint_is_tried_again_like_any_other(requests_mock: Mocker) -> None:
    good = {"json": {"access_token": "x", "expires_in": 60}}
    told = {"status_code": 429, "headers": {"Retry-After": "9"}}
    requests_mock.post(TOKEN, [{"status_code": 503}, told, {"text": "<html>"}, {"text": '{"cut'}, good])
    requests_mock.get(URL, content=PAGE)
    time = FakeTime()
    http = oauth(time)
    assert http.send(request(http)).status == 200
    assert time.total > 9


def test_the_token_endpoint_is_not_tried_for_ever(requests_mock: Mocker) -> None:
    requests_mock.post(TOKEN, status_code=503)
    http = oauth(FakeTime())
    with pytest.raises(UnreachableError, match="POST /oauth/token in 4 tries"):
        http.send(request(http))


def test_a_wait_of_hours_for_a_token_is_not_begun(requests_mock: Mocker) -> None:
    requests_mock.post(TOKEN, status_code=429, headers={"Retry-After": "3600"})
    time = FakeTime()
    http = oauth(time)
    with pytest.raises(QuotaExhaustedError):
        http.send(request(http))
    assert time.total == 0


def test_waits_for_a_token_add_up_to_ten_minutes_at_most(requests_mock: Mocker) -> None:
    requests_mock.post(TOKEN, status_code=429, headers={"Retry-After": "250"})
    time = FakeTime()
    http = oauth(time)
    with pytest.raises(QuotaExhaustedError):
        http.send(request(http))
    assert time.total == 500


def test_stop_ends_the_wait_for_a_token(requests_mock: Mocker) -> None:
    requests_mock.post(TOKEN, status_code=503)
    stop = threading.Event()
    http = oauth(FakeTime())
    http._patience.sleep = lambda _, event: event.set() if event else None
    with pytest.raises(StoppedError):
        http.send(request(http), stop=stop)


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("value", ["", "  ", "line\nbreak", "ключ", "two words"])
def test_a_value_that_no_header_can_hold_is_refused_by_name(position: int, value: str) -> None:
    given = ["marked", "marked", "marked"]
    given[position] = value
    name = ["client_id", "client_secret", "refresh_token"][position]
    with pytest.raises(UnauthorizedError) as raised:
        OAuth(given[0], given[1], given[2])
    assert name in str(raised.value)
    assert not value.strip() or value not in str(raised.value)
