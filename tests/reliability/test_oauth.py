"""OAuth, over the token endpoint of the made-up Klaviyo."""

from __future__ import annotations

import json
import stat
from dataclasses import replace

import pytest

from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.oauth import OAuth
from tests.reliability.cli import MARK, open_shop

ID, SECRET, REFRESH = f"{MARK}-id", f"{MARK}-secret", f"{MARK}-refresh"


def row(what, does):
    return pytest.mark.fault("OAuth", what, does)


class MarkedOAuth(OAuth):
    """Its tokens carry the mark."""

    def _made(self, kind):
        return f"{MARK}-{super()._made(kind)}"


@pytest.fixture
def app():
    return MarkedOAuth(ID, SECRET, REFRESH)


@pytest.fixture
def served(shop, app):
    with open_shop(shop, access=Access(require_key=True, oauth=app)) as opened:
        yield opened


def sync(machine, url, *streams, **config):
    given = {"auth_token": None, "client_id": ID, "client_secret": SECRET, "refresh_token": REFRESH, **config}
    return machine.sync(url, *streams, **given)


@row("The access token ends in the middle of a sync (401)", "Renewed once for all threads; nothing is lost; exit 0")
def test_expired(machine, klaviyo, url, app):
    turns = iter(range(10_000))

    def meddle(_path, response):
        if next(turns) == 3:
            app.expire()
        return response

    klaviyo.meddle = meddle
    outcome = sync(machine, url, "events", "profiles", "lists")
    assert outcome.code == 0
    assert app.refreshed == 2
    assert outcome.ids("events") == klaviyo.ids("event")
    assert outcome.ids("profiles") == klaviyo.ids("profile")


@row("An access token that lives for a second", "Renewed again and again while the sync goes on; nothing is lost")
def test_short_life(machine, klaviyo, url, app):
    app.expires_in = 1
    klaviyo.latency = 0.15
    outcome = sync(machine, url, "events", max_workers=1, stream_options={"events": {"page_size": 50}})
    assert outcome.code == 0
    assert app.refreshed > 1
    assert outcome.ids("events") == klaviyo.ids("event")


@row("The refresh token is replaced, with `token_file`", "Kept there, mode 0600; the next run uses it")
def test_rotated(machine, url, app):
    path = machine.folder / "token.json"
    assert sync(machine, url, "lists", token_file=str(path)).code == 0
    assert json.loads(path.read_text()) == {"refresh_token": app.refresh_token}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    second = sync(machine, url, "lists", token_file=str(path))
    assert second.code == 0
    assert second.complaints == []


@row("The refresh token is replaced, without `token_file`", "Used for the run; one warning, without the token")
def test_rotated_without_file(machine, url):
    outcome = sync(machine, url, "lists")
    assert outcome.code == 0
    assert "set token_file, or" in outcome.warning


@row("The refresh token is no longer good (`invalid_grant`)", "One clear line; nothing else is asked; exit 1")
def test_invalid_grant(machine, klaviyo, url, app):
    app.revoke()
    outcome = sync(machine, url, "lists", "events", max_workers=1)
    assert outcome.code == 1
    assert "invalid_grant" in outcome.error
    assert len(klaviyo.requests) == 1


@row("The client secret is wrong", "One line that names both settings; exit 1")
def test_wrong_secret(machine, url):
    outcome = sync(machine, url, "lists", client_secret=f"{MARK}-other")
    assert outcome.code == 1
    assert "client_id and client_secret" in outcome.error


@row("The token in `token_file` is old, the setting's is new", "The setting's is tried after it; exit 0")
def test_stale_file(machine, url, app):
    path = machine.folder / "token.json"
    path.write_text(json.dumps({"refresh_token": f"{MARK}-stale"}))
    outcome = sync(machine, url, "lists", token_file=str(path))
    assert outcome.code == 0
    assert json.loads(path.read_text()) == {"refresh_token": app.refresh_token}


@row("The token endpoint fails in passing", "Asked again like any other")
def test_unavailable(machine, klaviyo, url, app):
    klaviyo.faults.add(Fault("error", on=frozenset({1, 2}), path="/oauth/token", value=503))
    outcome = sync(machine, url, "lists")
    assert outcome.code == 0
    assert app.refreshed == 1


@row(
    "The token endpoint's quota reopens in hours (429 with a long Retry-After)",
    "Does not sleep through it: says when it reopens; exit 1",
)
def test_throttled_for_hours(machine, klaviyo, url):
    klaviyo.faults.add(Fault("throttle", rate=1.0, path="/oauth/token", value=7200))
    outcome = sync(machine, url, "lists")
    assert outcome.code == 1
    assert "POST /oauth/token is used up until 20" in outcome.error


@row("The token endpoint answers without a token", "One line; exit 1")
def test_no_token(machine, klaviyo, url):
    def meddle(path, response):
        return replace(response, body=f'{{"x": "{MARK}"}}'.encode()) if path == "/oauth/token" else response

    klaviyo.meddle = meddle
    outcome = sync(machine, url, "lists")
    assert outcome.code == 1
    assert "without an access token" in outcome.error
