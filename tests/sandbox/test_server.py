"""The sandbox as a process of its own, and over real sockets."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from tap_klaviyo.sandbox import Access, Sandbox, serve, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.sandbox import Shop

HEADERS = {"revision": "2026-07-15", "Authorization": "Klaviyo-API-Key pk_1"}
_ROWS = """
import hashlib
from tap_klaviyo.sandbox import Shop
digest = hashlib.sha256()
shop = Shop()
for name in shop.types():
    for row in shop.resources(name):
        digest.update(repr((row.type, row.id, row.attributes, row.relationships, row.hidden)).encode())
for group in ("list", "segment"):
    digest.update(repr(sorted(shop.memberships(group))).encode())
print(digest.hexdigest())
"""


@pytest.fixture
def url(shop: Shop) -> Iterator[str]:
    with serve(Sandbox(shop, access=Access(require_key=True))) as served:
        yield served


def test_two_processes_make_the_same_shop() -> None:
    def digest(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        return subprocess.check_output([sys.executable, "-c", _ROWS], env=environment, text=True)

    assert digest("1") == digest("2")


@pytest.fixture
def interruptible() -> Iterator[None]:
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # one that is ignored stays so in processes
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("interruptible")
def test_the_command_serves_and_says_where_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "tap_klaviyo.sandbox", "--port", "0", "--events", "5", "--profiles", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            answer = requests.get(f"{url}/api/profiles", headers=HEADERS, timeout=10)
            refused = requests.get(f"{url}/api/profiles", headers={"revision": "2026-07-15"}, timeout=10)
            process.send_signal(signal.SIGINT)
            left = process.communicate(timeout=60)
        finally:
            process.kill()

    assert len(answer.json()["data"]) == 2
    assert answer.json()["links"]["self"] == f"{url}/api/profiles"
    assert refused.status_code == 401
    assert (process.returncode, *left) == (0, "", "")


def test_only_the_standard_library_is_needed() -> None:
    foreign = {"msgspec", "requests", "singer_sdk", "tap_klaviyo.contract", "tap_klaviyo.http"}
    code = f"import sys; import tap_klaviyo.sandbox; print([name for name in sys.modules if name in {foreign!r}])"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_a_connection_is_kept_and_bodies_are_whole(url: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    sockets = set()
    for path in ("/api/lists", "/api/nothing", "/api/lists?sort=x", "/api/tags"):
        connection.request("GET", path, headers=HEADERS)
        answer = connection.getresponse()
        body = answer.read()
        sockets.add(id(connection.sock))
        assert len(body) == int(answer.headers["Content-Length"])
        assert answer.headers["Content-Type"] == "application/vnd.api+json"
    connection.close()

    assert len(sockets) == 1


def test_bodies_are_gzipped_when_asked(url: str) -> None:
    plain = requests.get(f"{url}/api/events", headers={**HEADERS, "Accept-Encoding": "identity"}, timeout=10)
    packed = requests.get(f"{url}/api/events", headers={**HEADERS, "Accept-Encoding": "gzip"}, timeout=10)

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 3


def test_next_links_lead_back_to_the_server(url: str) -> None:
    following = f"{url}/api/lists"
    found = []
    while following:
        page = requests.get(following, headers=HEADERS, timeout=10).json()
        found += [row["id"] for row in page["data"]]
        following = page["links"]["next"]
        assert following is None or following.startswith(f"{url}/api/lists?")

    assert len(set(found)) == len(found) == 27


def test_the_process_has_one_shared_sandbox_without_a_key() -> None:
    status, headers, _ = shared().handle("GET", "sandbox://shop/api/lists", {"revision": "2026-07-15"})

    assert status == 200
    assert headers["X-Klaviyo-API-Revision"] == "2026-07-15"
    assert shared() is shared()


def test_requests_are_logged_by_template(shop: Shop) -> None:
    sandbox = Sandbox(shop)
    sandbox.handle("GET", "/api/lists/X/profiles?page%5Bsize%5D=5", HEADERS)
    sandbox.handle("GET", "/api/nowhere", HEADERS)

    assert [(one.method, one.path, one.query) for one in sandbox.requests] == [
        ("GET", "/api/lists/{id}/profiles", "page%5Bsize%5D=5"),
        ("GET", "/api/nowhere", ""),
    ]
