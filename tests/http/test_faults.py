"""Failures of the way, over a real socket."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
import requests

from tap_klaviyo.http import NoAuth, Tally
from tap_klaviyo.http.adapter import PooledAdapter
from tap_klaviyo.http.errors import BadBundleError, TooLargeError, UnreachableError
from tap_klaviyo.http.network_errors import failed_way
from tap_klaviyo.http.pace import POOLS
from tests.http import faulty
from tests.http.wire import KEY, PAGE, client, request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.http.faulty import Fault, Handler

FAULTS: dict[Fault, str] = {
    faulty.cut: "the response was cut off",
    faulty.cut_zipped: "the response was cut off",
    faulty.bad_gzip: "the response cannot be decompressed",
    faulty.cut_chunk: "the response was cut off",
    faulty.no_last_chunk: "the response was cut off",
    faulty.bad_chunk: "the response was cut off",
    faulty.silent: "connection reset",
    faulty.reset: "connection reset",
    faulty.reset_in_body: "connection reset",
    faulty.gibberish: "connection failed",
    faulty.slow: "timeout while reading",
    faulty.slow_body: "timeout while reading",
    faulty.drip: "the response came too slowly",
    faulty.drip_zipped: "the response came too slowly",
    faulty.drip_chunked: "the response came too slowly",
    faulty.drip_headers: "the response came too slowly",
    faulty.html: "HTML instead of JSON",
    faulty.forbidden_html: "HTTP 403 from a proxy or gateway, not from Klaviyo",
    faulty.forbidden_text: "HTTP 403 from a proxy or gateway, not from Klaviyo",
    faulty.unavailable: "HTTP 503",
}
faults = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)


@faults
def test_a_failed_way_is_tried_again(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = faulty.timeout(fault, monkeypatch)
    with faulty.serving(fault) as server, closing(client(api_url=server.url, request_timeout=timeout)) as http:
        tally = Tally()
        assert http.send(request(http), tally=tally).body == PAGE
        assert (tally.requests, tally.retries) == (2, 1)


@faults
def test_after_the_last_try_one_line_says_what_failed(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty.serving(fault, fault) as server:
        http = client(api_url=server.url, request_timeout=faulty.timeout(fault, monkeypatch), retry=1)
        with closing(http), pytest.raises(UnreachableError) as raised:
            http.send(request(http, params={"filter": "equals(email,'someone@example.org')"}))
    start = f"no usable response from 127.0.0.1 to GET /api/profiles in 2 tries: {FAULTS[fault]}; "
    assert str(raised.value).startswith(start)
    assert len(str(raised.value)) > len(start)
    assert raised.value.reason == FAULTS[fault]
    assert raised.value.__context__ is None


def test_a_steady_response_may_take_longer_than_one_time_out() -> None:
    body = b'{"data": "' + b"x" * 4000 + b'"}'

    def steady(handler: Handler) -> None:
        handler.reply(b"", length=len(body))
        for begin in range(0, len(body), 500):
            handler.server.released.wait(0.15)
            handler.wfile.write(body[begin : begin + 500])
            handler.wfile.flush()

    with faulty.serving(steady) as server, closing(client(api_url=server.url, request_timeout=1, retry=0)) as http:
        assert http.send(request(http)).body == body


def test_a_steady_response_without_an_end_is_cut() -> None:
    def endless(handler: Handler) -> None:
        handler.reply(b"", length=1 << 30)
        while not handler.server.released.wait(0.02):
            handler.wfile.write(b" " * 5000)

    with faulty.serving(endless) as server:
        http = client(api_url=server.url, request_timeout=0.2, retry=0)
        with closing(http), pytest.raises(UnreachableError, match="came too slowly"):
            http.send(request(http))


def test_what_comes_through_a_proxy_is_cut_too():
    adapter = PooledAdapter()
    through = adapter.proxy_manager_for("http://127.0.0.1:9").connection_from_url("https://a.klaviyo.com")
    assert isinstance(through, POOLS["https"])


def test_connection_refused_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with closing(client(api_url=url)) as http, pytest.raises(UnreachableError, match="connection refused"):
        http.send(request(http))


def test_an_unknown_host_is_named() -> None:
    http = client(api_url="https://klaviyo.invalid")
    with closing(http), pytest.raises(UnreachableError, match=r"klaviyo\.invalid .* \(DNS\); check api_url"):
        http.send(request(http))


def test_no_tls_is_named() -> None:
    with faulty.serving() as server:
        http = client(api_url=server.url.replace("http:", "https:"), request_timeout=5)
        with closing(http), pytest.raises(UnreachableError, match=r"no secure connection \(TLS\)"):
            http.send(request(http))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.exceptions.SSLError(ssl.SSLCertVerificationError()), "the server's certificate is not trusted (TLS)"),
        (requests.exceptions.ConnectTimeout(), "timeout while connecting"),
        (requests.exceptions.ProxyError(ConnectionRefusedError()), "the proxy refused the connection"),
        (BrokenPipeError(), "connection reset"),
        (OSError(101, "Network is unreachable"), "connection failed"),
    ],
)
def test_other_failures_have_their_words(error: Exception, words: str) -> None:
    assert failed_way(error).reason == words
    assert failed_way(error).advice


def test_an_error_that_wraps_itself_has_words_too() -> None:
    error = OSError()
    error.args = (error,)
    assert failed_way(error).reason == "connection failed"


def test_gzip_is_asked_for_and_unpacked() -> None:
    with faulty.serving(faulty.zipped) as server, closing(client(api_url=server.url)) as http:
        tally = Tally()
        assert http.send(request(http), tally=tally).body == PAGE
        assert server.heads[0]["Accept-Encoding"] == "gzip"
        assert 0 < tally.received != len(PAGE)


def test_a_connection_is_kept() -> None:
    with faulty.serving() as server, closing(client(api_url=server.url)) as http:
        for _ in range(5):
            http.send(request(http))
        assert (len(server.paths), server.connections) == (5, 1)


def test_a_connection_that_the_server_has_closed_is_replaced() -> None:
    def last(handler: Handler) -> None:
        handler.reply(PAGE)
        handler.hang_up()

    with faulty.serving(last) as server, closing(client(api_url=server.url)) as http:
        assert [http.send(request(http)).status for _ in range(2)] == [200, 200]
        assert server.connections == 2


def test_no_more_than_max_workers_are_in_flight() -> None:
    flying, most = 0, 0
    lock, full = threading.Lock(), threading.Barrier(3)

    def watch(handler: Handler) -> None:
        nonlocal flying, most
        with lock:
            flying += 1
            most = max(most, flying)
        full.wait(20)
        with lock:
            flying -= 1
        handler.reply(PAGE)

    with faulty.serving(*[watch] * 12) as server, closing(client(api_url=server.url, max_workers=3)) as http:
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: http.send(request(http)).status, range(12)))
        assert answers == [200] * 12
        assert most == 3
        assert server.connections == 3


def test_the_query_arrives_as_it_was_meant() -> None:
    with faulty.serving() as server, closing(client(api_url=server.url)) as http:
        http.send(request(http, params={"filter": "greater-than(updated,2026-01-01T00:00:00+00:00)", "page[size]": 9}))
        assert server.paths == [
            "/api/profiles?filter=greater-than%28updated%2C2026-01-01T00%3A00%3A00%2B00%3A00%29&page%5Bsize%5D=9"
        ]


def test_a_next_link_is_followed_as_it_stands() -> None:
    query = "page%5Bcursor%5D=bmV4dDo6aWQ6OjEyMw%3D%3D&filter=equals(archived,true)&fields[profile]=a%2cb"
    with faulty.serving() as server, closing(client(api_url=server.url)) as http:
        http.send(request(http).next(f"{server.url}/api/profiles?{query}"))
        (path,) = server.paths
        assert "page%5Bcursor%5D=bmV4dDo6aWQ6OjEyMw%3D%3D&" in path
        assert parse_qsl(path.partition("?")[2]) == parse_qsl(query)


def test_cookies_are_not_kept_and_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))

    def cookie(handler: Handler) -> None:
        handler.reply(PAGE, Set_Cookie="__cf_bm=1; path=/")

    with faulty.serving(cookie) as server, closing(client(api_url=server.url, auth=NoAuth())) as http:
        http.send(request(http))
        http.send(request(http))
        assert len(http._transport._session.cookies) == 0
        assert all("Cookie" not in head and "Authorization" not in head for head in server.heads)


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Name a proxy in the environment for every URL there is."""

    def name(proxy: str) -> None:
        for variable in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, proxy)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")

    return name


def test_over_plain_http_no_proxy_is_used_since_it_would_read_the_key(proxied: Callable[[str], None]) -> None:
    with faulty.serving() as proxy, faulty.serving() as server:
        proxied(proxy.url)
        with closing(client(api_url=server.url)) as http:
            assert http.send(request(http)).body == PAGE
        assert (proxy.connections, len(server.paths)) == (0, 1)


def test_over_https_a_proxy_sees_the_host_name_alone(proxied: Callable[[str], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:

        def proxy() -> bytes:
            connection, _ = listening.accept()
            with connection:
                asked = connection.recv(4096)
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return asked

        proxied(f"http://user:pass@127.0.0.1:{listening.getsockname()[1]}")
        seen = pool.submit(proxy)
        http = client(api_url="https://klaviyo.invalid", retry=0)
        with (
            closing(http),
            pytest.raises(UnreachableError, match="the proxy refused the connection; check HTTPS_PROXY"),
        ):
            http.send(request(http))
        text = seen.result(30)
    assert text.startswith(b"CONNECT klaviyo.invalid:443 HTTP/1.")
    assert KEY.encode() not in text
    assert b"/api/" not in text


@pytest.mark.parametrize("proxy", ["http:///", "http://[", "http://user@[:x", "socks5://127.0.0.1:9"])
def test_a_proxy_that_makes_no_sense_fails_at_once(proxy: str, proxied: Callable[[str], None]) -> None:
    proxied(proxy)
    http = client(api_url="https://localhost:9")
    tally = Tally()
    with closing(http), pytest.raises(UnreachableError, match="check HTTPS_PROXY"):
        http.send(request(http), tally=tally)
    assert tally.requests == 1


def test_a_ca_bundle_of_the_environment_has_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(BadBundleError, match=r"missing\.pem"):
        client(api_url="https://localhost:9")
    client(api_url="http://127.0.0.1:9").close()  # where there is no TLS, nobody reads it


def test_the_key_goes_out_once_a_request() -> None:
    with faulty.serving() as server, closing(client(api_url=server.url)) as http:
        http.send(request(http))
        assert str(server.heads[0]).count(KEY) == 1
        assert KEY not in server.paths[0]


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("largest", [1 << 20, 1 << 30])
def test_every_way_to_send_a_body_is_read_to_the_end(*, compress: bool, chunked: bool, largest: int) -> None:
    body = b'{"data": "' + b"x" * 900_000 + b'"}'

    def big(handler: Handler) -> None:
        sent = gzip.compress(body) if compress else body
        headers: dict[str, Any] = {"Content_Encoding": "gzip"} if compress else {}
        if chunked:
            handler.reply(b"%x\r\n%s\r\n0\r\n\r\n" % (len(sent), sent), Transfer_Encoding="chunked", **headers)
        else:
            handler.reply(sent, **headers)

    with faulty.serving(big, big) as server:
        with closing(client(api_url=server.url, largest_body=largest)) as http:
            assert [http.send(request(http)).body == body for _ in range(3)] == [True, True, False]
        assert server.connections == 1


@pytest.mark.parametrize("compress", [False, True])
def test_a_body_over_the_bound_is_given_up_early(*, compress: bool) -> None:
    body = b" " * (64 << 20)
    sent = gzip.compress(body) if compress else body

    def huge(handler: Handler) -> None:
        headers: dict[str, Any] = {"Content_Encoding": "gzip"} if compress else {}
        handler.reply(sent, **headers)

    with faulty.serving(huge) as server:
        http = client(api_url=server.url, largest_body=2 << 20)
        tally = Tally()
        tracemalloc.start()
        with closing(http), pytest.raises(TooLargeError):
            http.send(request(http), tally=tally)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 16 << 20
        assert tally.requests == 1
