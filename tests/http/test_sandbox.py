"""Requests that never leave the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_klaviyo.http import NoAuth, Tally
from tap_klaviyo.http.errors import ForeignLinkError, UnreachableError
from tap_klaviyo.http.sandbox import SandboxAdapter
from tests.http.wire import PAGE, REVISION, FakeTime, client, request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.http import Http


class Shop:
    """Stands in for the sandbox: the answers in turn, the last one for ever."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.asked.append((method, target, dict(headers), body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def serving(shop: Shop, time: FakeTime | None = None) -> Http:
    http = client(time, api_url="sandbox://", auth=NoAuth())
    http._transport._session.mount("sandbox://", SandboxAdapter(shop))
    return http


def test_a_request_is_handed_over_as_it_is() -> None:
    shop = Shop((200, {"X-Thing": "1"}, PAGE))
    http = serving(shop)
    tally = Tally()
    answer = http.send(request(http, params={"page[size]": 5}), tally=tally)
    assert (answer.status, answer.body, answer.headers["x-thing"]) == (200, PAGE, "1")
    assert tally.received == len(PAGE)
    ((method, target, headers, body),) = shop.asked
    assert (method, target, body) == ("GET", "sandbox://shop/api/profiles?page%5Bsize%5D=5", b"")
    assert headers["revision"] == REVISION
    assert "Authorization" not in headers


def test_a_post_hands_over_its_body() -> None:
    shop = Shop((200, {}, b"{}"))
    http = serving(shop)
    http.send(request(http, "/api/metric-aggregates", method="POST", body=b'{"data": 1}'))
    assert shop.asked[0][0] == "POST"
    assert shop.asked[0][3] == b'{"data": 1}'


def test_its_faults_are_faults() -> None:
    cut = (200, {"Content-Length": "12"}, PAGE[:4])
    shop = Shop((429, {"Retry-After": "2"}, b""), (500, {}, b""), cut, (200, {}, PAGE))
    http = serving(shop)
    tally = Tally()
    assert http.send(request(http), tally=tally).body == PAGE
    assert (tally.requests, tally.retries, tally.throttled) == (4, 2, 1)


def test_a_cut_body_says_so() -> None:
    http = serving(Shop((200, {"Content-Length": "12"}, PAGE[:4])))
    with pytest.raises(UnreachableError, match=r"no usable response from shop .* cut off"):
        http.send(request(http))


def test_its_links_may_not_lead_out() -> None:
    http = serving(Shop((200, {}, PAGE)))
    with pytest.raises(ForeignLinkError):
        http.send(request(http).next("https://a.klaviyo.com/api/profiles"))


def test_the_embedded_shop_has_no_limits_to_wait_for() -> None:
    time = FakeTime()
    http = serving(Shop((200, {}, PAGE)), time)
    asked = request(http)
    for _ in range(2 * asked.limits.steady):
        http.send(asked)
    assert time.slept == []
    assert http.quota(asked).wait() == 0


def test_the_embedded_shop_may_still_ask_for_a_pause() -> None:
    time = FakeTime()
    http = serving(Shop((429, {"Retry-After": "7"}, b""), (200, {}, PAGE)), time)
    http.send(request(http))
    assert time.total >= 7
