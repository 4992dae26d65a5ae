from __future__ import annotations

import re
import threading
from contextlib import closing
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING

import pytest
from requests_mock import ANY

from tap_klaviyo.http import HttpSettings, Tally
from tap_klaviyo.http.errors import BrokenBodyError, ForeignLinkError, StoppedError, TooLargeError, UnreachableError
from tap_klaviyo.http.settings import user_agent
from tests.http import faulty
from tests.http.wire import HOST, KEY, PAGE, REVISION, FakeTime, client, error, request

if TYPE_CHECKING:
    from requests_mock import Mocker

    from tests.http.faulty import Handler

URL = f"{HOST}/api/profiles"


def test_the_headers_are_klaviyos(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE)
    http = client()
    http.send(request(http))
    sent = requests_mock.request_history[0].headers
    assert sent["Authorization"] == f"Klaviyo-API-Key {KEY}"
    assert sent["revision"] == REVISION
    assert sent["Accept"] == "application/vnd.api+json"
    assert sent["Accept-Encoding"] == "gzip"
    assert sent["User-Agent"].startswith("tap-klaviyo")
    assert sent["X-Klaviyo-Revision-Fall-Forward-Opt-Out"] == "1"
    assert "Cookie" not in sent


def test_a_bare_copy_of_the_files_has_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"tap-klaviyo/\d\S*", user_agent())

    def unknown(_name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr("tap_klaviyo.http.settings.version", unknown)
    assert user_agent() == "tap-klaviyo"


def test_headers_of_a_request_win_over_the_usual_ones(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE)
    http = client()
    http.send(request(http, headers={"Revision": "2026-07-15.pre", "X-Own": "1"}))
    sent = requests_mock.request_history[0].headers
    assert (sent["revision"], sent["X-Own"]) == ("2026-07-15.pre", "1")


@pytest.mark.parametrize("name", ["Authorization", "authorization ", "Cookie", "HOST"])
def test_no_request_may_bring_its_own(name: str) -> None:
    http = client()
    with pytest.raises(ValueError, match="cannot be set"):
        request(http, headers={name: "x"})


def test_a_post_carries_its_body(requests_mock: Mocker) -> None:
    requests_mock.post(f"{HOST}/api/metric-aggregates", content=b'{"data": {}}')
    http = client()
    http.send(request(http, "/api/metric-aggregates", method="POST", body=b'{"data":1}'))
    sent = requests_mock.request_history[0]
    assert sent.body == b'{"data":1}'
    assert sent.headers["Content-Type"] == "application/vnd.api+json"


def test_the_answer_is_status_body_and_headers(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE, headers={"X-Thing": "1"})
    http = client()
    tally = Tally()
    answer = http.send(request(http), tally=tally)
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, PAGE, "1")
    assert (tally.requests, tally.received, tally.retries) == (1, len(PAGE), 0)


def test_the_body_goes_through_the_parser(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE)
    http = client()
    assert http.send(request(http), parse=len) == len(PAGE)


def test_a_body_that_the_parser_finds_broken_is_asked_for_again(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [{"content": b'{"data": [}'}, {"content": PAGE}])
    http = client()

    def parse(body: bytes) -> bytes:
        if body != PAGE:
            raise BrokenBodyError
        return body

    tally = Tally()
    assert http.send(request(http), parse=parse, tally=tally) == PAGE
    assert tally.retries == 1


def test_what_the_parser_finds_wrong_is_named(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=PAGE)
    http = client(retry=0)

    def parse(_: bytes) -> bytes:
        reason = "no list of rows"
        raise BrokenBodyError(reason)

    with pytest.raises(UnreachableError, match="no list of rows"):
        http.send(request(http), parse=parse)


def test_an_error_beside_a_good_status_is_named(requests_mock: Mocker) -> None:
    body = b'{"data": [], "errors": [{"code": "internal", "detail": "Shard of me@example.org is away."}]}'
    requests_mock.get(URL, content=body)
    http = client(retry=0)

    def parse(_: bytes) -> bytes:
        raise BrokenBodyError

    with pytest.raises(UnreachableError, match=r"an error inside a response with status 200: Shard of \*\*\* is away"):
        http.send(request(http), parse=parse)


@pytest.mark.parametrize("retry", [0, 1, 5])
def test_a_request_is_tried_once_and_then_as_often_as_set(requests_mock: Mocker, retry: int) -> None:
    requests_mock.get(URL, status_code=503)
    http = client(retry=retry)
    tally = Tally()
    with pytest.raises(UnreachableError) as raised:
        http.send(request(http), tally=tally)
    assert requests_mock.call_count == retry + 1
    assert (tally.requests, tally.retries) == (retry + 1, retry)
    assert raised.value.status == 503
    assert "GET /api/profiles" in str(raised.value)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 524, 529])
def test_what_may_pass_is_tried_again(requests_mock: Mocker, status: int) -> None:
    requests_mock.get(URL, [{"status_code": status}, {"content": PAGE}])
    http = client()
    assert http.send(request(http)).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b'{"data": [', b"<html>", b'"text"', b"null", b"}{"])
def test_a_200_that_is_not_json_is_tried_again(requests_mock: Mocker, body: bytes) -> None:
    requests_mock.get(URL, [{"content": body}, {"content": PAGE}])
    http = client()
    assert http.send(request(http)).body == PAGE


@pytest.mark.parametrize("body", [b"[]", b' {"a": 1}\n', b"[1]"])
def test_any_json_object_or_array_will_do(requests_mock: Mocker, body: bytes) -> None:
    requests_mock.get(URL, content=body)
    http = client()
    assert http.send(request(http)).body == body


def test_a_request_for_text_takes_any_body(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=b"<p>", headers={"Content-Type": "text/html"})
    http = client()
    assert http.send(request(http, text=True)).body == b"<p>"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 520])
def test_a_page_of_the_network_in_between_is_tried_again(requests_mock: Mocker, status: int) -> None:
    page = {"status_code": status, "text": "<!DOCTYPE html>", "headers": {"Content-Type": "text/html"}}
    requests_mock.get(URL, [page, {"content": PAGE}])
    http = client()
    assert http.send(request(http)).status == 200


def test_the_waits_double_up_to_the_longest(requests_mock: Mocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoff.full_jitter", lambda wait: wait)
    requests_mock.get(URL, status_code=500)
    time = FakeTime()
    http = client(time, retry=6, retry_backoff_multiplier_ms=100, retry_backoff_max_ms=900)
    with pytest.raises(UnreachableError):
        http.send(request(http))
    assert time.slept == pytest.approx([0.1, 0.2, 0.4, 0.8, 0.9, 0.9])


def test_retry_after_of_a_503_is_waited_within_the_longest_wait(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [{"status_code": 503, "headers": {"Retry-After": "7"}}, {"content": PAGE}])
    time = FakeTime()
    http = client(time, retry_backoff_max_ms=5000)
    http.send(request(http))
    assert time.total == pytest.approx(5)


def test_retries_are_told_once_a_request(requests_mock: Mocker, caplog: pytest.LogCaptureFixture) -> None:
    requests_mock.get(URL, status_code=500)
    http = client()
    with pytest.raises(UnreachableError):
        http.send(request(http, params={"filter": "equals(email,'someone@example.org')"}))
    assert [record.getMessage() for record in caplog.records if record.levelname != "DEBUG"] == [
        "GET /api/profiles: HTTP 500; retrying, up to 3 times"
    ]


def test_a_body_over_the_bound_is_refused_at_once(requests_mock: Mocker) -> None:
    requests_mock.get(URL, content=b"{" + b" " * 3_000_000 + b"}")
    http = client(largest_body=2 << 20)
    with pytest.raises(TooLargeError, match="larger than 2 MB"):
        http.send(request(http))
    assert requests_mock.call_count == 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/profiles",
        "http://a.klaviyo.com/api/profiles",
        "https://a.klaviyo.com:8443/api/profiles",
        "https://a.klaviyo.com@evil.example/",
        "https://user@a.klaviyo.com/api/profiles",
        "https://a.klaviyo.com.evil.example/",
        "https://a.klaviyo.com\\@evil.example/",
        "https:\n//a.klaviyo.com/",
        "//evil.example/api/profiles",
        "/api/profiles",
        "sandbox://shop/api/profiles",
        "https://[evil",
        "",
    ],
)
def test_a_link_to_another_origin_is_refused_and_nothing_is_sent(requests_mock: Mocker, link: str) -> None:
    http = client()
    with pytest.raises(ForeignLinkError):
        http.send(request(http).next(link))
    assert requests_mock.call_count == 0


@pytest.mark.parametrize("link", ["https://A.Klaviyo.com:443/api/profiles?x=1", "HTTPS://a.klaviyo.com/api/profiles"])
def test_the_same_origin_in_other_words_is_followed(requests_mock: Mocker, link: str) -> None:
    requests_mock.get(ANY, content=PAGE)
    http = client()
    assert http.send(request(http).next(link)).status == 200


def test_a_redirect_to_another_origin_is_refused(requests_mock: Mocker) -> None:
    requests_mock.get(URL, status_code=302, headers={"Location": "https://evil.example/"})
    http = client()
    with pytest.raises(ForeignLinkError):
        http.send(request(http))
    assert requests_mock.call_count == 1


def test_a_redirect_to_nonsense_is_refused() -> None:
    def nonsense(handler: Handler) -> None:
        handler.reply(b"", status=302, Location="http://[")

    with faulty.serving(nonsense) as server, closing(client(api_url=server.url)) as http:
        with pytest.raises(ForeignLinkError):
            http.send(request(http))
        assert len(server.paths) == 1


def test_a_redirect_within_the_origin_is_followed_with_the_key(requests_mock: Mocker) -> None:
    requests_mock.get(URL, status_code=307, headers={"Location": "/api/profiles/"})
    requests_mock.get(f"{URL}/", content=PAGE)
    http = client()
    assert http.send(request(http)).body == PAGE
    assert requests_mock.request_history[1].headers["Authorization"].endswith(KEY)


def test_redirects_come_to_an_end(requests_mock: Mocker) -> None:
    requests_mock.get(URL, status_code=302, headers={"Location": URL})
    http = client()
    with pytest.raises(Exception, match="302"):
        http.send(request(http))
    assert requests_mock.call_count == 4


def test_a_post_is_not_turned_into_a_get(requests_mock: Mocker) -> None:
    address = f"{HOST}/api/metric-aggregates"
    requests_mock.post(address, status_code=302, headers={"Location": address})
    http = client()
    with pytest.raises(Exception, match="302"):
        http.send(request(http, "/api/metric-aggregates", method="POST", body=b"{}"))
    assert requests_mock.call_count == 1


def test_stop_ends_a_wait(requests_mock: Mocker) -> None:
    requests_mock.get(URL, status_code=500)
    stop = threading.Event()
    time = FakeTime()
    http = client(time)

    def sleep(seconds: float, event: threading.Event | None) -> None:
        assert event is stop
        time.sleep(seconds)
        stop.set()

    http._patience.sleep = sleep
    with pytest.raises(StoppedError):
        http.send(request(http), stop=stop)
    assert requests_mock.call_count == 1


def test_nothing_is_sent_after_the_stop_or_the_close(requests_mock: Mocker) -> None:
    stop = threading.Event()
    stop.set()
    http = client()
    with pytest.raises(StoppedError):
        http.send(request(http), stop=stop)
    http.close()
    with pytest.raises(StoppedError):
        http.send(request(http))
    assert requests_mock.call_count == 0


def test_settings_show_no_key() -> None:
    settings = HttpSettings(auth=client()._auth)
    assert KEY not in repr(settings)
    assert KEY not in repr(vars(settings.auth))


def test_another_revision_in_the_answer_is_told_once(requests_mock: Mocker, caplog: pytest.LogCaptureFixture) -> None:
    requests_mock.get(URL, content=PAGE, headers={"X-Klaviyo-API-Revision": "2027-01-15"})
    http = client()
    http.send(request(http))
    http.send(request(http))
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        (
            f"Klaviyo responds with API revision 2027-01-15 instead of {REVISION}; "
            "if values are missing, upgrade tap-klaviyo"
        )
    ]


def test_each_pair_of_revisions_is_told_once(requests_mock: Mocker, caplog: pytest.LogCaptureFixture) -> None:
    requests_mock.get(URL, content=PAGE, headers={"x-klaviyo-api-revision": "2027-01-15"})
    http = client()
    for own in ({}, {"revision": "2025-10-15"}, {}, {"Revision": "2025-10-15"}, {"revision": "2027-01-15"}):
        http.send(request(http, headers=own))
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [f"instead of {asked};" in line for asked, line in zip([REVISION, "2025-10-15"], told, strict=True)] == [
        True
    ] * 2


def test_the_error_of_a_refusal_carries_no_other_error(requests_mock: Mocker) -> None:
    requests_mock.get(URL, [{"status_code": 500}, error(400, "invalid", "No.", parameter="filter")])
    http = client()
    with pytest.raises(Exception, match="parameter filter") as raised:
        http.send(request(http))
    assert raised.value.__context__ is None
