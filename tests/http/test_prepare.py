"""Requests that are prepared once for many URLs are those that the library would prepare for each."""

from __future__ import annotations

import pytest
import requests

from tap_klaviyo.http.prepare import Preparer

ORIGIN = "https://a.klaviyo.com"
HEADERS = {"Accept": "application/vnd.api+json", "revision": "2026-10-15"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/events?filter=greater-or-equal%28datetime%2C2024-01-01T00%3A00%3A00Z%29&page%5Bsize%5D=1000",
        "/api/events?page[cursor]=abc",
        "/api/events?filter=a b",
        "/api/events?filter=100%",
        "/api/lists/../profiles",
        "/api/tags/größe",
        "?page=2",
    ],
)
@pytest.mark.parametrize("body", [None, b"{}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_is_what_the_library_makes_of_it(method: str, path: str, body: bytes | None) -> None:
    preparer = Preparer(ORIGIN)
    for url in (f"{ORIGIN}/api/first", f"{ORIGIN}{path}"):
        expected = requests.Request(method, url, headers=HEADERS, data=body).prepare()
        found = preparer.prepare(method, url, HEADERS, body)
        assert (found.method, found.url, found.headers, found.body) == (
            expected.method,
            expected.url,
            expected.headers,
            expected.body,
        )


def test_an_earlier_request_keeps_its_url() -> None:
    preparer = Preparer(ORIGIN)
    first, second = (preparer.prepare("GET", f"{ORIGIN}/api/{name}", HEADERS) for name in ("events", "lists"))
    assert (first.url, second.url) == (f"{ORIGIN}/api/events", f"{ORIGIN}/api/lists")


def test_headers_that_never_repeat_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_klaviyo.http.prepare._MOST", 2)
    preparer = Preparer(ORIGIN)
    for number in range(5):
        found = preparer.prepare("GET", f"{ORIGIN}/api/events", {**HEADERS, "X-Number": str(number)})
        assert found.headers["X-Number"] == str(number)
        assert len(preparer._prepared) <= 2


def test_a_header_that_cannot_be_sent_is_refused() -> None:
    preparer = Preparer(ORIGIN)
    for _ in range(2):
        with pytest.raises(ValueError, match="header"):
            preparer.prepare("GET", f"{ORIGIN}/api/events", {**HEADERS, "X-Odd": "a\r\n b"})
