"""A key that is not accepted: the line says what it looks like and what to do, and never what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.http import ApiKeyAuth, NoAuth
from tap_klaviyo.http.errors import UnauthorizedError
from tap_klaviyo.http.key_hints import describe
from tests.http.wire import HOST, KEY, PAGE, client, error, request

if TYPE_CHECKING:
    from requests_mock import Mocker

URL = f"{HOST}/api/profiles"
PRIVATE = "pk_" + "0123456789abcdef" * 2 + "01"


@pytest.mark.parametrize("around", ["{}\n", " {}", "\t{}\r\n", "\ufeff{}", "{}\xa0"])
def test_what_is_around_a_key_is_no_part_of_it(requests_mock: Mocker, around: str) -> None:
    requests_mock.get(URL, content=PAGE)
    http = client(auth=ApiKeyAuth(around.format(KEY)))
    http.send(request(http))
    assert requests_mock.request_history[0].headers["Authorization"] == f"Klaviyo-API-Key {KEY}"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (PRIVATE, "37 characters and begins with pk_; it may have been deleted"),
        (PRIVATE[:20], "20 characters and begins with pk_; a private key has 37 characters or more"),
        ("Ab12Cd", "6 characters and does not begin with pk_; this is the form of a public key (site ID)"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.abc-_", "the form of an OAuth token"),
        ("0123456789abcdef0123456789abcdef", "a private key begins with pk_"),
        (f'"{PRIVATE}"', "quotation marks"),
        ("$TAP_KLAVIYO_AUTH_TOKEN", "the name of a variable"),
        ("${KLAVIYO_KEY}", "the name of a variable"),
        ("<your-key>", "the name of a variable"),
        ("pk_****************************cdef", "it is masked"),
    ],
)
@pytest.mark.parametrize("refused", [error(401, "not_authenticated", "No."), error(400, "invalid", "Invalid API key.")])
def test_a_refused_key_is_described(requests_mock: Mocker, key: str, words: str, refused: dict[str, Any]) -> None:
    requests_mock.get(URL, **refused)
    http = client(auth=ApiKeyAuth(key))
    with pytest.raises(UnauthorizedError) as raised:
        http.send(request(http))
    line = str(raised.value)
    assert line.startswith("Klaviyo does not accept the auth_token (4")
    assert words in line
    assert key not in line
    assert requests_mock.call_count == 1


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
def test_no_part_of_a_key_is_in_its_description(key: str) -> None:
    line = describe(key)
    assert "\n" not in line
    pieces = {key[begin : begin + 8] for begin in range(len(key) - 7)}
    assert not any(piece in line for piece in pieces if any(character.isdigit() for character in piece))


@pytest.mark.parametrize("key", [f"Klaviyo-API-Key {KEY}", f"Bearer  {KEY}", f"authorization: {KEY}"])
def test_a_key_with_its_header_s_words_is_refused_at_once(key: str) -> None:
    with pytest.raises(UnauthorizedError, match="set the key alone") as raised:
        ApiKeyAuth(key)
    assert KEY not in str(raised.value)


def test_a_server_that_wants_a_key_says_that_none_was_sent(requests_mock: Mocker) -> None:
    requests_mock.get(URL, status_code=401)
    http = client(auth=NoAuth())
    with pytest.raises(UnauthorizedError, match="no key was sent"):
        http.send(request(http))
