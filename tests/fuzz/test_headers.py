"""Whatever status, headers and body come, a request ends: in an answer, or in one line with nothing private."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import requests_mock
from hypothesis import event, example, given
from hypothesis import strategies as st

from tap_klaviyo.http import OAuth
from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.http.retry import LONGEST_WAIT, retry_after
from tests.fuzz import texts
from tests.fuzz.scale import examples
from tests.http.wire import HOST, KEY, PAGE, FakeTime, client, request

ADDRESS = "some.person@example.org"
RETRIES, LONGEST_BACK_OFF = 3, 60
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
# Two waits as told may follow one another: the sum is looked at after the pause has begun.
LONGEST = 2 * LONGEST_WAIT + RETRIES * LONGEST_BACK_OFF + 2 * 61

SECONDS = [
    "0",
    "1",
    "2.5",
    "59",
    "601",
    "73473",
    "-1",
    "1e3",
    "9" * 20,
    "9" * 400,
    "",
    ".",
    "1.2.3",
    "٣",
    "0x10",
    "inf",
    "nan",
]
DATES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)) | st.builds(  # noqa: DTZ001
    lambda seconds: NOW + timedelta(seconds=seconds), st.integers(-100_000, 100_000)
)
ODD_DATES = [
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Wed, 21 Oct 2026 07:28:00 +999999",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Wed, 99 Oct 2026 07:28:00 GMT",
    "2026-11-22T12:00:00Z",
    ",",
    "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
]
WAITS = st.one_of(st.sampled_from([*SECONDS, *ODD_DATES]), st.integers(0, 700).map(str), DATES.map(format_datetime))
COUNTS = st.integers(-1, 4000).map(str) | st.sampled_from(["", "1.5", "9" * 30, "٣", "NaN", "150 "])
WINDOWS = st.lists(
    st.builds("{0};w={1}".format, COUNTS, st.sampled_from(["1", "60", "86400", "0", "-1", "9" * 12, "x"])), max_size=4
)
LIMITS = st.builds(lambda first, windows: ", ".join([first, *windows]), COUNTS, WINDOWS) | st.text(max_size=12)
LINKS = st.sampled_from(
    [
        *(
            "/api/profiles?page=2",
            f"{HOST}/api/profiles",
            f"{HOST}:443/x",
            "https://a.klaviyo.com.evil.example/",
            "//evil.example",
        ),
        *(
            f"https://{KEY}@a.klaviyo.com/",
            "http://a.klaviyo.com/",
            "https://[",
            "javascript:1",
            "",
            "\\\\evil",
            "?",
            "https:///x",
        ),
        *("https://a.klaviyo.com\\@evil.example", "https://a.klaviyo.com:99999/", "x" * 9000, f"/api?email={ADDRESS}"),
    ]
)
HEADERS = {
    "Retry-After": WAITS,
    "RateLimit-Limit": LIMITS,
    "RateLimit-Remaining": COUNTS,
    "RateLimit-Reset": COUNTS,
    "Content-Type": st.sampled_from(
        [
            "application/vnd.api+json",
            "application/json; charset=utf-99",
            "text/html",
            "TEXT/HTML;x",
            "",
            ";;;",
            "text/plain",
        ]
    ),
    "Location": LINKS,
    "X-Klaviyo-API-Revision": st.sampled_from(["2026-07-15", "2099-01-01", "", "x" * 500, ADDRESS, KEY]),
    "Content-Encoding": st.sampled_from(["gzip", "identity", "br", "gzip, gzip", "x"]),
    "Content-Length": st.sampled_from(["0", "5", "99999", "-1", "x", "9" * 30, ""]),
    "Transfer-Encoding": st.sampled_from(["chunked", "x"]),
    "Set-Cookie": st.sampled_from(["a=b", f"key={KEY}; Domain=klaviyo.com"]),
    "WWW-Authenticate": st.just("Basic realm=x"),
}
STATUSES = st.sampled_from(
    [
        *(
            200,
            200,
            201,
            204,
            206,
            226,
            300,
            301,
            302,
            303,
            304,
            307,
            308,
            400,
            401,
            402,
            403,
            403,
            404,
            405,
            406,
            408,
            409,
        ),
        *(
            410,
            411,
            413,
            414,
            415,
            418,
            422,
            425,
            429,
            429,
            429,
            431,
            451,
            499,
            500,
            501,
            502,
            503,
            504,
            520,
            522,
            530,
            599,
        ),
        *(600, 999),
    ]
)
COMPLAINT = {
    "errors": [
        {
            "id": "0",
            "status": 400,
            "code": "invalid",
            "title": "Invalid input.",
            "detail": f"Not so: {KEY} of {ADDRESS}",
            "source": {"parameter": "page[size]", "pointer": "/data/"},
            "links": {},
            "meta": {},
        }
    ]
}
BODIES = st.one_of(
    st.just(PAGE),
    texts.spoilt(COMPLAINT, texts.values(*texts.BROKEN) | texts.nests()).map(texts.write).map(texts.encoded),
    texts.torn(json.dumps(COMPLAINT).encode()),
    st.sampled_from(
        [b"", b"<html>", b"error code: 1020", KEY.encode(), b"\xff\xfe", b"{}", b"[]", b"null", b" ", b"}{"]
    ),
)


class BoundedTime(FakeTime):
    """A clock that is done with whoever looks at it for ever."""

    def sleep(self, seconds, stop=None):
        super().sleep(seconds, stop)
        assert len(self.slept) < 10 * LONGEST, self.slept[-3:]


@st.composite
def answers(draw, statuses=STATUSES, bodies=BODIES):
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), unique=True, max_size=5))
    headers = {name: draw(HEADERS[name]) for name in names}
    return {"status_code": draw(statuses), "headers": headers, "content": draw(bodies)}


def check(time, http, sent, mocked):
    """Send, and look at how that ends."""
    refused = None
    try:
        found = http.send(sent)
    except KlaviyoError as error:
        refused = error
        event(type(error).__name__)
    else:
        assert 200 <= found.status < 300
    for told in [str(refused or ""), repr(refused)]:
        assert "\n" not in told
        assert KEY not in told
        assert ADDRESS not in told
    assert time.total < LONGEST
    assert {(one.scheme, one.hostname, one.port) for one in mocked.request_history} == {("https", "a.klaviyo.com", 443)}
    assert http.quota(sent).wait() < LONGEST_WAIT or refused


@given(st.lists(answers(), min_size=1, max_size=5))
@example([{"status_code": 429, "headers": {"Retry-After": "9" * 400}, "content": b""}])
@examples(250)
def test_any_answers(given_answers):
    time = BoundedTime()
    http = client(time, retry=RETRIES, retry_backoff_max_ms=LONGEST_BACK_OFF * 1000)
    with requests_mock.Mocker() as mocked:
        mocked.get(requests_mock.ANY, [*given_answers, {"content": PAGE}])
        check(time, http, request(http), mocked)
    http.close()


TOKEN = {"access_token": "MARKED-access", "expires_in": 3600, "refresh_token": "MARKED-refresh", "token_type": "bearer"}
REFUSAL = {"error": "invalid_grant", "error_description": f"The token MARKED-refresh of {ADDRESS} is gone"}
TOKENS = st.one_of(
    texts.spoilt(TOKEN, texts.values() | texts.nests(), most=2),
    texts.spoilt(REFUSAL, texts.values() | texts.nests(), most=2),
).map(texts.write)


@given(st.lists(answers(bodies=TOKENS.map(texts.encoded) | BODIES), min_size=1, max_size=4), answers())
@examples(150)
def test_any_answers_of_the_token_endpoint(granted, answer):
    time = BoundedTime()
    http = client(time, retry=RETRIES, auth=OAuth("id", "MARKED-secret", "MARKED-given", clock=time.clock))
    with requests_mock.Mocker() as mocked:
        mocked.post(f"{HOST}/oauth/token", granted)
        mocked.get(requests_mock.ANY, [answer, {"content": PAGE}])
        check(time, http, request(http), mocked)
        sent = [one.headers.get("Authorization", "") for one in mocked.request_history]
    assert all(one.isascii() and one.isprintable() for one in sent)
    http.close()


@given(WAITS | st.text(max_size=20))
@examples(200)
def test_any_retry_after(value):
    wait = retry_after(value, NOW)
    assert wait is None or wait >= 0
