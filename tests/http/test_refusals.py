"""Failures of the ask: each names what to change, and is not tried again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.http import ApiKeyAuth, Request, Response
from tap_klaviyo.http.complaint import complaint_of
from tap_klaviyo.http.errors import (
    BadRequestError,
    FailedTryError,
    KlaviyoError,
    MalformedIdError,
    NotFoundError,
    PermissionDeniedError,
    RevisionGoneError,
    UnauthorizedError,
    UnreachableError,
)
from tap_klaviyo.http.responses import failed_try, refusal
from tests.http.wire import HOST, REVISION, client, error, request

if TYPE_CHECKING:
    from requests_mock import Mocker

URL = f"{HOST}/api/profiles"


def refused(requests_mock: Mocker, answer: dict[str, Any], path: str = "/api/profiles") -> KlaviyoError:
    requests_mock.get(f"{HOST}{path}", **answer)
    http = client()
    with pytest.raises(KlaviyoError) as raised:
        http.send(request(http, path))
    assert requests_mock.call_count == 1
    assert raised.value.label == f"GET {path}"
    assert "\n" not in str(raised.value)
    return raised.value


def test_400_names_the_parameter(requests_mock: Mocker) -> None:
    found = refused(requests_mock, error(400, "invalid", "Page size must be 1 to 100.", parameter="page[size]"))
    assert isinstance(found, BadRequestError)
    assert (found.status, found.parameter, found.code) == (400, "page[size]", "invalid")
    assert found.detail == "Page size must be 1 to 100."
    assert str(found) == "Klaviyo refuses GET /api/profiles (400, parameter page[size]): Page size must be 1 to 100."


def test_400_may_point_into_the_body(requests_mock: Mocker) -> None:
    found = refused(requests_mock, error(400, "invalid", "No.", pointer="/data/attributes/timeframe"))
    assert found.parameter == "/data/attributes/timeframe"


@pytest.mark.parametrize(
    "answer",
    [
        error(401, "not_authenticated", "Authentication credentials were not provided."),
        error(401, "authentication_failed", "Incorrect authentication credentials."),
        {"status_code": 401, "text": ""},
        error(400, "invalid", "Invalid API key."),
        error(400, "input_validation_error", "An API key is missing."),
    ],
)
def test_a_wrong_key_names_the_setting(requests_mock: Mocker, answer: dict[str, Any]) -> None:
    found = refused(requests_mock, answer)
    assert isinstance(found, UnauthorizedError)
    assert "auth_token" in str(found)


def test_403_names_the_scope(requests_mock: Mocker) -> None:
    found = refused(requests_mock, error(403, "permission_denied", "Missing scope."), "/api/campaigns")
    assert isinstance(found, PermissionDeniedError)
    assert found.scopes == ("campaigns:read",)
    assert found.reason == "Missing scope."
    assert "campaigns:read" in str(found)


def test_403_for_want_of_a_feature_does_not_blame_the_key(requests_mock: Mocker) -> None:
    found = refused(
        requests_mock, error(403, "permission_denied", "You must have Advanced KDP enabled."), "/api/webhooks"
    )
    assert isinstance(found, PermissionDeniedError)
    assert "Advanced KDP" in str(found.reason)
    assert "Advanced KDP" in str(found)
    assert found.scopes == ()
    assert "scope" not in str(found)


def test_404_is_its_own_error(requests_mock: Mocker) -> None:
    assert isinstance(refused(requests_mock, error(404, "not_found", "Gone.")), NotFoundError)


@pytest.mark.parametrize(
    "body",
    [
        "404 page not found",
        "",
        '{"message": "no Route matched with those values"}',
        '{"errors": []}',
        '{"errors": [{"message": "not found"}]}',
        '{"errors": [{"status": "404", "title": "Not Found"}]}',
        '{"error": {"code": "not_found", "detail": "x"}}',
        "<html>",
    ],
)
def test_a_404_in_other_words_than_klaviyo_s_is_retried_and_then_a_failure(requests_mock: Mocker, body: str) -> None:
    odd: dict[str, Any] = {"status_code": 404, "text": body}
    http = client(retry=2)
    requests_mock.get(URL, [odd, {"content": b'{"data": []}'}])
    assert http.send(request(http)).status == 200
    requests_mock.get(URL, **odd)
    with pytest.raises(UnreachableError, match="HTTP 404 from a proxy or gateway, not from Klaviyo"):
        http.send(request(http))


EVENT = "/api/events/{id}"


def of_event(requests_mock: Mocker, answer: dict[str, Any], query: str = "") -> KlaviyoError:
    requests_mock.get(f"{HOST}/api/events/NOPE-01", **answer)
    http = client()
    with pytest.raises(KlaviyoError) as raised:
        http.send(request(http, EVENT).next(f"{HOST}/api/events/NOPE-01{query}"))
    assert requests_mock.call_count == 1
    return raised.value


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid", "Invalid event id.", pointer="/data/"),
        error(400, "invalid", "'NOPE-01' is not valid.", pointer="/data/"),
        error(400, "invalid", "The id is malformed."),
        error(400, "invalid", "No.", parameter="id"),
        error(400, "invalid", "No.", pointer="/data/id"),
    ],
)
def test_400_for_the_id_in_the_path_is_its_own_error(requests_mock: Mocker, answer: dict[str, Any]) -> None:
    found = of_event(requests_mock, answer)
    assert isinstance(found, MalformedIdError)
    assert found.label == f"GET {EVENT}"


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "invalid", "Invalid cursor provided.", pointer="/data/"),
        error(400, "invalid", "'metric_id' is not a valid include.", parameter="include"),
        error(400, "invalid", "Page size must be 1 to 100.", parameter="page[size]"),
        error(409, "invalid", "Invalid event id."),
        {"status_code": 400, "text": "{}"},
    ],
)
def test_400_for_anything_else_is_not_blamed_on_the_id(requests_mock: Mocker, answer: dict[str, Any]) -> None:
    assert type(of_event(requests_mock, answer, "?include=metric_id&page%5Bsize%5D=900")) is BadRequestError


def test_400_without_an_id_in_the_path_is_never_blamed_on_one(requests_mock: Mocker) -> None:
    assert type(refused(requests_mock, error(400, "invalid", "Invalid id."))) is BadRequestError


@pytest.mark.parametrize("answer", [error(410, "gone", "Gone."), {"status_code": 410, "text": "<html>"}])
def test_410_names_the_revision(requests_mock: Mocker, answer: dict[str, Any]) -> None:
    found = refused(requests_mock, answer)
    assert isinstance(found, RevisionGoneError)
    assert f"retired API revision {REVISION}" in str(found)
    assert "upgrade tap-klaviyo" in str(found)


def test_410_names_the_revision_that_the_request_brought(requests_mock: Mocker) -> None:
    requests_mock.get(URL, **error(410, "gone", "Gone."))
    http = client()
    with pytest.raises(RevisionGoneError, match=r"revision 2024-02-15 .* set a newer revision"):
        http.send(request(http, headers={"revision": "2024-02-15"}))


@pytest.mark.parametrize("status", [304, 402, 405, 406, 409, 413, 415, 422, 451])
def test_any_other_refusal_is_final(requests_mock: Mocker, status: int) -> None:
    found = refused(requests_mock, {"status_code": status, "text": "{}"})
    assert isinstance(found, BadRequestError)
    assert found.status == status


def test_what_klaviyo_says_is_cleaned_and_cut(requests_mock: Mocker) -> None:
    detail = "Profile someone@example.org\nwith key pk_abcdef0123 is " + "very " * 200 + "odd"
    found = refused(requests_mock, error(400, "someone@example.org", detail, parameter="x someone@example.org"))
    text = f"{found} {vars(found)}"
    assert "someone" not in text
    assert "pk_abcdef0123" not in text
    assert len(str(found)) < 450


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["errors", "code", "detail", "title", "source", "parameter"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_complaint_or_none(body: bytes) -> None:
    found = complaint_of(body)
    assert found is None or isinstance(found.detail, str)


def test_a_body_nested_too_deep_is_no_complaint() -> None:
    assert complaint_of(b'{"errors":' + b"[" * 100_000 + b"]" * 100_000 + b"}") is None


@given(st.integers(100, 599), st.binary(max_size=40), st.sampled_from(["text/html", "application/json", ""]))
def test_every_answer_is_good_or_passes_or_is_refused(status: int, body: bytes, content_type: str) -> None:
    http = client()
    asked = request(http)
    answer = Response(status, body, {"Content-Type": content_type})
    failure = failed_try(answer, datetime.now(UTC))
    if failure is not None:
        assert isinstance(failure, FailedTryError)
    elif status not in range(200, 300):
        assert isinstance(refusal(asked, answer, auth=ApiKeyAuth("pk_x"), revision=REVISION), KlaviyoError)


def test_the_scopes_may_be_unknown() -> None:
    http = client()
    asked = request(http)
    unknown = Request(msgspec.structs.replace(asked.endpoint, scopes=()), asked.url, asked.limits)
    found = refusal(unknown, Response(403, b"{}", {}), auth=ApiKeyAuth("pk_x"), revision=REVISION)
    assert "the key lacks a scope" in str(found)
