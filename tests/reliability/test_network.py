"""Failures of the way between the tap and Klaviyo."""

from __future__ import annotations

import ssl
import threading
from dataclasses import replace
from unittest import mock

import pytest
import trustme

from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.server import server
from tests.http import faulty

pytestmark = pytest.mark.usefixtures("nobody_waits")

STREAMS = {"events": "event", "profiles": "profile", "lists": "list"}
BOOKMARK = "2024-11-05T00:00:00+00:00"


def row(what, does):
    return pytest.mark.fault("The way to Klaviyo", what, does)


def passing(name, what, does="Asks again; nothing is lost and nothing comes twice"):
    return pytest.param(name, id=name, marks=row(what, does))


def instead(status, body, content_type, **headers):
    """An answer that takes the place of another."""

    def spoil(response):
        return replace(response, status=status, body=body, headers={"Content-Type": content_type, **headers}, wire=None)

    return spoil


def exact(outcome, klaviyo):
    assert outcome.code == 0
    for stream, kind in STREAMS.items():
        assert outcome.ids(stream) == klaviyo.ids(kind)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param(*case[:2], id=f"{case[0]}-{case[1]}", marks=row(case[2], "Asks again; each record comes once"))
        for case in (
            ("reset", None, "The connection is reset in the middle of an answer"),
            ("drop", None, "The connection is closed without an answer"),
            ("cut", None, "A body that ends too early"),
            ("broken-gzip", None, "A body that cannot be decompressed"),
            ("broken-chunks", None, "A chunked body with broken chunks"),
            ("broken-json", None, "Status 200 with broken JSON"),
            ("html", 200, "Status 200 with a page of HTML"),
            ("html", 403, "A 403 of the network in front of Klaviyo (HTML), which says nothing about the key"),
            ("html", 522, "A 52x page of the network in front of Klaviyo"),
            ("error", 408, "Status 408"),
            ("error", 425, "Status 425"),
            ("error", 429, "Status 429 without Retry-After"),
            ("error", 500, "Status 500"),
            ("error", 502, "Status 502"),
            ("error", 503, "Status 503"),
            ("error", 504, "Status 504"),
        )
    ],
)
def test_what_passes(machine, klaviyo, url, kind, value):
    klaviyo.faults.add(Fault(kind, on=frozenset({1, 2, 4, 7}), value=value))
    outcome = machine.sync(url, *STREAMS)
    assert klaviyo.faults.happened == {kind: 4}
    exact(outcome, klaviyo)
    assert outcome.said("ERROR") == []


@row("An empty body with status 200", "Asks again; each record comes once")
def test_empty_body(machine, klaviyo, url):
    left = [2]

    def meddle(_path, response):
        if not left[0]:
            return response
        left[0] -= 1
        return replace(response, body=b"")

    klaviyo.meddle = meddle
    exact(machine.sync(url, *STREAMS), klaviyo)


@row("Status 429 with Retry-After", "Waits as told, which is not counted as a try, and asks again")
def test_throttled(machine, klaviyo, url):
    klaviyo.faults.add(Fault("throttle", on=frozenset({1}), path="/api/lists", value=1))
    outcome = machine.sync(url, "lists", retry=0)
    assert klaviyo.throttled == 1
    assert outcome.code == 0
    assert outcome.ids("lists") == klaviyo.ids("list")
    assert any("asks to wait 1 s" in line for line in outcome.said("DEBUG"))


@row("Status 429 whose seconds stand in its words alone", "The same")
def test_throttled_in_words(machine, klaviyo, url):
    body = b'{"errors":[{"code":"throttled","detail":"Request was throttled. Expected available in 1 second."}]}'
    left = [1]

    def meddle(path, response):
        if path != "/api/lists" or not left[0]:
            return response
        left[0] -= 1
        return replace(response, status=429, body=body, headers={})

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", retry=0)
    assert outcome.code == 0
    assert outcome.ids("lists") == klaviyo.ids("list")
    assert any("asks to wait 1 s" in line for line in outcome.said("DEBUG"))


@pytest.mark.parametrize("body", [b"404 page not found", b'{"message": "no Route matched"}', b'{"errors": []}'])
@row("A 404 of a gateway, in other words than Klaviyo's", "Asks again, then one line; the others are read; exit 1")
def test_gateway_404(machine, klaviyo, url, body):
    def meddle(path, response):
        return replace(response, status=404, body=body) if path == "/api/lists" else response

    klaviyo.meddle = meddle
    outcome = machine.sync(url, "lists", "profiles")
    assert outcome.code == 1
    assert "HTTP 404 from a proxy or gateway, not from Klaviyo" in outcome.error
    assert outcome.ids("profiles") == klaviyo.ids("profile")


@row(
    "A quota that reopens in hours (429 with a long Retry-After)",
    "Does not sleep through it: says when the quota reopens, leaves the bookmark, reads the other streams, exit 1",
)
def test_quota(machine, klaviyo, url):
    klaviyo.faults.add(Fault("throttle", rate=1.0, path="/api/events", value=7200))
    state = {"bookmarks": {"events": {"replication_key": "datetime", "replication_key_value": BOOKMARK}}}
    outcome = machine.sync(url, "events", "lists", state=state)
    assert outcome.code == 1
    assert outcome.error.startswith("events: ")
    assert "used up until 20" in outcome.error
    assert outcome.state["events"]["replication_key_value"] == BOOKMARK
    assert outcome.ids("lists") == klaviyo.ids("list")


ENDS = "After the last try one line (host, stream, reason); bookmark untouched; the other streams are read; exit 1"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(Fault(kind, rate=1.0, path="/api/profiles", value=value), words, id=kind, marks=row(what, ENDS))
        for kind, value, words, what in (
            ("error", 503, "HTTP 503", "Status 503 for ever"),
            ("reset", None, "connection reset", "Every connection is reset"),
            ("broken-json", None, "broken JSON", "Broken JSON for ever"),
            ("html", 200, "HTML instead of JSON", "HTML for ever"),
        )
    ],
)
def test_what_does_not_pass(machine, served, fault, words):
    klaviyo, url = served
    klaviyo.faults.add(fault)
    state = {"bookmarks": {"profiles": {"replication_key": "updated", "replication_key_value": BOOKMARK}}}
    outcome = machine.sync(url, *STREAMS, state=state, max_workers=1)
    assert outcome.code == 1
    assert outcome.error.startswith("profiles: no usable response from 127.0.0.1 to GET /api/profiles in 4 tries: ")
    assert f": {words}; " in outcome.error
    assert outcome.state["profiles"]["replication_key_value"] == BOOKMARK
    assert outcome.ids("events") == klaviyo.ids("event")
    assert outcome.ids("lists") == klaviyo.ids("list")


@row(
    "A stream that breaks in the middle",
    "What came before is written and the bookmark stands there; the next run goes on, and nothing is missing",
)
def test_in_the_middle(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", on=frozenset(range(3, 99)), path="/api/events"))
    first = machine.sync(url, "events", max_workers=1, stream_options={"events": {"page_size": 40}})
    assert first.code == 1
    assert 0 < len(first.ids("events")) < len(klaviyo.ids("event"))
    klaviyo.reset()
    second = machine.sync(url, "events", state={"bookmarks": first.state})
    assert second.code == 0
    assert sorted({*first.ids("events"), *second.ids("events")}) == klaviyo.ids("event")


def only_error(machine, url, words, **config):
    outcome = machine.sync(url, *STREAMS, **config)
    assert outcome.code == 1
    assert words in outcome.error
    assert "in 4 tries" in outcome.error
    assert not any(outcome.records(stream) for stream in STREAMS)


@row(
    "The connection is refused", "Asks again as often as `retry` says, then ends at once: no stream can be read; exit 1"
)
def test_refused(machine):
    with faulty.serving() as server:
        url = server.url
    only_error(machine, url, "connection refused")


@row("The host name does not exist (DNS)", "The same")
def test_unknown_host(machine):
    only_error(machine, "https://klaviyo.invalid", "the host name cannot be resolved (DNS)")


@row("The server does not speak TLS", "The same; the key is not sent")
def test_no_tls(machine):
    with faulty.serving() as server:
        only_error(machine, server.url.replace("http:", "https:"), "no secure connection (TLS)")
        assert server.heads == []


@pytest.fixture
def secured(klaviyo, tmp_path):
    """Klaviyo over TLS, with a certificate of an authority of its own; the URL and the authority's file."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    served = server(klaviyo)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://localhost:{served.server_address[1]}", str(tmp_path / "authority.pem")
    served.shutdown()
    served.server_close()
    thread.join()


@row("The server's certificate is of an unknown authority", "The same; the key is not sent")
def test_unknown_authority(machine, klaviyo, secured):
    with mock.patch.dict("os.environ", {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}):
        only_error(machine, secured[0], "the server's certificate is not trusted (TLS)")
    assert klaviyo.authorizations == []


@row("The server's certificate is of an authority in `REQUESTS_CA_BUNDLE`", "Reads on")
def test_own_authority(machine, klaviyo, secured):
    with mock.patch.dict("os.environ", {"REQUESTS_CA_BUNDLE": secured[1]}):
        outcome = machine.sync(secured[0], "accounts")
    assert outcome.code == 0
    assert outcome.ids("accounts") == klaviyo.ids("account")


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@row("`REQUESTS_CA_BUNDLE` names a file that is not there", "One line that names both; nothing is asked; exit 1")
def test_missing_bundle(machine, klaviyo, secured, name):
    with mock.patch.dict("os.environ", {"REQUESTS_CA_BUNDLE": "", name: "/nowhere/authority.pem"}):
        outcome = machine.sync(secured[0], *STREAMS)
    assert outcome.code == 1
    assert klaviyo.authorizations == []
    assert f"{name} in the environment names '/nowhere/authority.pem'" in outcome.error


@row("The server answers with what is not HTTP", "The same")
def test_no_http(machine):
    with faulty.serving(*[faulty.gibberish] * 99) as server:
        only_error(machine, server.url, "connection")


@row("The server takes the request and keeps silent", "The same, each time after `request_timeout`")
def test_silence(machine):
    with faulty.serving(*[faulty.slow] * 99) as server:
        only_error(machine, server.url, "timeout while reading", request_timeout=0.05)


@row("The body stops coming", "The same, each time after `request_timeout`")
def test_slow_body(machine):
    with faulty.serving(*[faulty.slow_body] * 99) as server:
        only_error(machine, server.url, "timeout while reading", request_timeout=0.05)


@row("The body comes a byte at a time", "Cut after `request_timeout`, and the same")
def test_drip(machine, monkeypatch):
    timeout = faulty.timeout(faulty.drip, monkeypatch)
    with faulty.serving(*[faulty.drip] * 99) as server:
        only_error(machine, server.url, "the response came too slowly", request_timeout=timeout)


@row("The proxy of the environment is not there", "The same; a password in its URL is not written")
def test_no_proxy(machine):
    with faulty.serving() as server:
        proxy = server.url.replace("://", "://user:MARKED-proxy@")
    unset = {"no_proxy": "", "NO_PROXY": "", "https_proxy": proxy, "HTTPS_PROXY": proxy}
    with mock.patch.dict("os.environ", unset):
        only_error(machine, "https://klaviyo.invalid", "proxy")


@row("Slow answers", "Waits for them; several requests are under way at once")
def test_slow(machine, klaviyo, url):
    klaviyo.faults.add(Fault("slow", rate=1.0, value=0.02))
    exact(machine.sync(url, *STREAMS), klaviyo)
