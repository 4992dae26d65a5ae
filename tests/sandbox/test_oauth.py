"""Access tokens for a refresh token, and what becomes of both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_klaviyo.sandbox import Access, OAuth, Sandbox, Shop
from tests.sandbox.callers import REVISION

SMALL = Shop(2, events=0, profiles=2)
BASIC = "Basic aWQ6c2VjcmV0"  # id:secret
FORM = "application/x-www-form-urlencoded"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    app = OAuth("id", "secret", "first", expires_in=600, clock=clock)
    return Sandbox(SMALL, access=Access(require_key=True, oauth=app))


def token(
    sandbox: Sandbox, refresh: str, authorization: str = BASIC, content_type: str = FORM
) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": authorization, "Content-Type": content_type}
    form = f"grant_type=refresh_token&refresh_token={refresh}".encode()
    status, _, body = sandbox.handle("POST", "/oauth/token", headers, form)
    return status, json.loads(body)


def lists(sandbox: Sandbox, access: str) -> int:
    return sandbox.handle("GET", "/api/lists", {**REVISION, "Authorization": f"Bearer {access}"})[0]


def test_a_token_is_good_until_it_expires(sandbox: Sandbox, clock: Clock) -> None:
    status, given = token(sandbox, "first")
    assert (status, given["expires_in"], given["token_type"]) == (200, 600, "bearer")
    assert lists(sandbox, given["access_token"]) == 200
    assert lists(sandbox, "another") == 401
    clock.now = 600
    assert lists(sandbox, given["access_token"]) == 401


def test_refresh_tokens_rotate(sandbox: Sandbox) -> None:
    second = token(sandbox, "first")[1]["refresh_token"]

    assert token(sandbox, "first") == (
        400,
        {"error": "invalid_grant", "error_description": "The refresh token is expired or revoked."},
    )
    assert token(sandbox, second)[0] == 200
    assert sandbox.access.oauth is not None
    assert sandbox.access.oauth.refreshed == 2


def test_a_refresh_token_may_stay(clock: Clock) -> None:
    app = OAuth("id", "secret", "first", rotates=False, clock=clock)
    sandbox = Sandbox(SMALL, access=Access(oauth=app))

    assert [token(sandbox, "first")[1]["refresh_token"] for _ in range(2)] == ["first", "first"]


@pytest.mark.parametrize(
    ("authorization", "content_type", "status", "error"),
    [
        ("", FORM, 401, "invalid_client"),
        ("Basic !", FORM, 401, "invalid_client"),
        ("Basic aWQ6d3Jvbmc=", FORM, 401, "invalid_client"),
        ("Bearer aWQ6c2VjcmV0", FORM, 401, "invalid_client"),
        (BASIC, "application/json", 400, "invalid_request"),
    ],
)
def test_bad_requests_for_a_token(
    sandbox: Sandbox, authorization: str, content_type: str, status: int, error: str
) -> None:
    answered, body = token(sandbox, "first", authorization, content_type)

    assert (answered, body["error"]) == (status, error)


@pytest.mark.parametrize(
    ("method", "form", "status", "error"),
    [
        ("GET", "grant_type=refresh_token&refresh_token=first", 405, "invalid_request"),
        ("POST", "refresh_token=first", 400, "invalid_request"),
        ("POST", "grant_type=refresh_token&refresh_token=first&refresh_token=first", 400, "invalid_request"),
        ("POST", "grant_type=refresh_token&refresh_token=first&scope=", 400, "invalid_request"),
        ("POST", "grant_type=authorization_code&refresh_token=first", 400, "unsupported_grant_type"),
    ],
)
def test_other_questions_than_for_a_refresh(sandbox: Sandbox, method: str, form: str, status: int, error: str) -> None:
    headers = {"Authorization": BASIC, "Content-Type": FORM}
    answered, _, body = sandbox.handle(method, "/oauth/token", headers, form.encode())

    assert (answered, json.loads(body)["error"]) == (status, error)
    assert token(sandbox, "first")[0] == 200


def test_expired_and_revoked_at_once(sandbox: Sandbox) -> None:
    app = sandbox.access.oauth
    assert app is not None
    given = token(sandbox, "first")[1]
    app.expire()
    assert lists(sandbox, given["access_token"]) == 401
    renewed = token(sandbox, given["refresh_token"])[1]
    assert lists(sandbox, renewed["access_token"]) == 200
    app.revoke()
    assert lists(sandbox, renewed["access_token"]) == 401
    assert token(sandbox, renewed["refresh_token"])[1]["error"] == "invalid_grant"


def test_another_process_installs_and_expires() -> None:
    sandbox = Sandbox(SMALL)
    install = {"oauth": {"client_id": "id", "client_secret": "secret", "refresh_token": "first"}}

    assert sandbox.handle("POST", "/oauth/token", {})[0] == 404
    assert sandbox.handle("POST", "/__control", {}, b'{"oauth": {"action": "expire"}}')[0] == 400
    assert sandbox.handle("POST", "/__control", {}, json.dumps(install).encode())[0] == 200
    access = token(sandbox, "first")[1]["access_token"]
    assert lists(sandbox, access) == 200
    assert sandbox.handle("POST", "/__control", {}, b'{"oauth": {"action": "expire"}}')[0] == 200
    assert lists(sandbox, access) == 401
