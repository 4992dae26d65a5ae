from __future__ import annotations

import http.server
import os
import socket
import threading
import urllib.request

import pytest
import requests

from tests.network import NetworkForbiddenError, is_loopback

ELSEWHERE = ("192.0.2.1", 443)  # RFC 5737: documentation only


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "", None, b"127.0.0.1"])
def test_loopback_is_let_through(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "2001:db8::1", "a.klaviyo.com", "localhost.example", "127.0.0.1.example"]
)
def test_everything_else_is_not(host):
    assert not is_loopback(host)


@pytest.mark.parametrize("call", ["connect", "connect_ex"])
def test_a_connection_off_the_machine_is_refused(call):
    with socket.socket() as sock, pytest.raises(NetworkForbiddenError, match=r"192\.0\.2\.1"):
        getattr(sock, call)(ELSEWHERE)


def test_a_datagram_off_the_machine_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(NetworkForbiddenError):
        sock.sendto(b"", ELSEWHERE)


def test_a_name_is_refused_before_it_is_looked_up():
    with pytest.raises(NetworkForbiddenError, match=r"a\.klaviyo\.com"):
        requests.get("https://a.klaviyo.com/api/metrics", timeout=5)


def test_a_name_that_never_resolves_fails_as_dns_does():
    with pytest.raises(requests.ConnectionError):
        requests.get("https://nowhere.invalid/", timeout=5)


def test_a_local_server_answers():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Keep the test's output clean."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=5) as answer:
            assert answer.status == http.HTTPStatus.NO_CONTENT
        thread.join()


def test_settings_of_the_person_at_the_keyboard_stay_out():
    assert not [name for name in os.environ if name.startswith("TAP_KLAVIYO_")]
