"""The key goes to the origin of `api_url`, whatever an entry, a next link, a redirect or an id says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http import Origin
from tap_klaviyo.sandbox.server import serve
from tap_klaviyo.streams.custom.entry import parse_entries
from tap_klaviyo.streams.custom.requests import Asker
from tests.streams.custom.conftest import ExtendedSandbox, sync

NOW = datetime(2026, 7, 15, tzinfo=UTC)
HOME = "https://a.klaviyo.com"

ELSEWHERE = [
    "https://evil.example/api/lists",
    "http://a.klaviyo.com/api/lists",
    "https://a.klaviyo.com.evil.example/api/lists",
    "https://evil.example/https://a.klaviyo.com/api/lists",
    "https://a.klaviyo.com@evil.example/api/lists",
    "https://a.klaviyo.com:443@evil.example/api/lists",
    "https://user:pass@a.klaviyo.com/api/lists",
    "https://a.klaviyo.com:8443/api/lists",
    "https://a.klaviyo.com:x/api/lists",
    "https://a.klaviyo.com\\@evil.example/api/lists",
    "https://a.klaviyo.com\\.evil.example/api/lists",
    "https:\\\\evil.example/api/lists",
    "https://evil.example\t.klaviyo.com/api/lists",
    "https://a.klaviyo.com\n.evil.example/api/lists",
    "https://evil.example#@a.klaviyo.com/api/lists",
    "https://evil.example?@a.klaviyo.com/api/lists",
    "https://evil.example;a.klaviyo.com/api/lists",
    "https://[::1]/api/lists",
    "https://a.klaviyo.com%2eevil.example/api/lists",
    "https://а.klaviyo.com/api/lists",  # noqa: RUF001 - the Cyrillic letter is the trick
    "//evil.example/api/lists",
    "///evil.example/api/lists",
    "/api/lists",
    "evil.example/api/lists",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://a.klaviyo.com/api/lists",
    "https:///api/lists",
    "https:evil.example/api/lists",
    "https://b.klaviyo.com/api/lists",
    "sandbox://shop/api/lists",
]


def entry_of(members, api_url):
    [entry] = parse_entries([{"name": "mine", **members}], taken=set(), origin=Origin.of(api_url), now=NOW)
    return entry


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_url_that_leads_elsewhere_is_refused(url):
    with pytest.raises(
        SettingsError, match=r"^custom_streams\[0\] 'mine': url must begin with https://a.klaviyo.com: "
    ) as refused:
        entry_of({"url": url}, HOME)
    assert "evil" not in str(refused.value)


@pytest.mark.parametrize("url", [one for one in ELSEWHERE if not one.startswith("sandbox:")])
def test_the_sandbox_takes_klaviyos_own_urls_and_no_other(url):
    with pytest.raises(SettingsError, match=r"url must begin with https://a.klaviyo.com \(or sandbox://shop\)"):
        entry_of({"url": url}, "sandbox://")
    assert entry_of({"url": f"{HOME}/api/lists"}, "sandbox://").path == "/api/lists"


def test_a_shop_of_ones_own_does_not_take_klaviyos_urls():
    with pytest.raises(SettingsError, match=r"url must begin with http://127\.0\.0\.1:8080"):
        entry_of({"url": f"{HOME}/api/lists"}, "http://127.0.0.1:8080")


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/api/lists",
        "@evil.example/api/lists",
        ".evil.example/api/lists",
        ":8443/api/lists",
        "https://evil.example/api/lists",
        "/api/..//evil.example",
        "/api/\\\\evil.example",
        "/api/\t//evil.example",
        "/api/x\r\nHost: evil.example",
        "/api/%0d%0aHost:evil.example/../x",
        "\\\\evil.example\\api\\lists",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(SettingsError, match=r"^custom_streams\[0\] 'mine': path "):
        entry_of({"path": path}, HOME)


@pytest.mark.parametrize(
    "value", ["//evil.example", "@evil.example", "..", "../../..", "\\evil", "x?y#z", "a\r\nHost: evil", "%2e%2e/"]
)
def test_whatever_an_id_holds_the_request_stays(value):
    members = {
        "path": "/api/things/{id}/parts",
        "parent": "lists",
        "params": {"a": "{id}"},
        "filter": 'equals(x,"{id}")',
        "replication_key": "at",
    }
    entry = entry_of(members, HOME)
    asker = Asker(entry, Origin.of(HOME), lambda _: pytest.fail("nothing is sent"), None, NOW)
    request = asker.request({"id": value})
    assert Origin.of(HOME).owns(request.url)
    assert request.url.startswith(f"{HOME}/api/things/")
    assert "\n" not in request.url
    assert request.url.partition("?")[0].count("/") == 6


@pytest.fixture
def evil():
    sandbox = ExtendedSandbox()
    with serve(sandbox) as url:
        yield url, sandbox


def test_a_next_link_that_leads_elsewhere_is_not_followed(server, evil, caplog):
    url, stranger = evil
    following = f"{url}/api/lists"
    body = {"data": [{"id": "1"}], "links": {"next": following}}
    server.sandbox.answers("/api/made-up", body)
    found = sync(
        {
            **server.config,
            "custom_streams": [
                {"name": "json", "path": "/api/made-up"},
                {"name": "text", "path": "/api/made-up", "format": "text", "paging": "next_link"},
                {
                    "name": "cursor",
                    "path": "/api/made-up",
                    "method": "POST",
                    "body": {},
                    "paging": "body_cursor",
                    "schema": {"fields": {"id": "string"}},
                },
            ],
        }
    )
    assert stranger.asked == []
    assert found.tap.failures == ["json", "text", "cursor"]
    assert caplog.text.count("a link points away from") == 2
    assert all(one.headers["host"] in server.url for one in server.sandbox.asked)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_that_leads_elsewhere_is_not_followed(server, evil, status):
    url, stranger = evil
    server.sandbox.answers("/api/made-up", {}, status, Location=f"{url}/api/lists")
    entries = [
        {"name": "get", "path": "/api/made-up"},
        {"name": "post", "path": "/api/made-up", "method": "POST", "body": {}, "format": "text"},
    ]
    found = sync({**server.config, "custom_streams": entries})
    assert found.tap.failures == ["get", "post"]
    assert stranger.asked == []


def test_the_key_is_sent_home_and_written_nowhere(server, caplog, capfd):
    server.sandbox.answers("/api/made-up", {"errors": [{"detail": f"no {server.config['auth_token']}"}]}, 400)
    found = sync({**server.config, "custom_streams": [{"name": "mine", "path": "/api/made-up"}]})
    [asked] = server.asked("/api/made-up")
    assert asked.headers["authorization"] == f"Klaviyo-API-Key {server.config['auth_token']}"
    written = caplog.text + json.dumps(found.messages) + "".join(capfd.readouterr())
    assert server.config["auth_token"] not in written
