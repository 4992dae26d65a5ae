from __future__ import annotations

import base64
import gc
import json
import logging
import pickle
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.http.redact import RedactingFilter, Secret, brief, clean

VALUE = 'Zq7/x+ü "Lm\\n9Kd~Rt4Vb8Ws2Yc'


@pytest.mark.parametrize(
    "text",
    [
        "someone.else+tag@example.co.uk",
        "SOMEONE@EXAMPLE.ORG",
        "equals(email,'someone@example.org')",
        "filter=equals%28email%2C%22someone%40example.org%22%29",
        "someone%2Btag%40example.org",
        "sömeone@exämple.org",
        "<someone@example.org>",
        "pk_someone0123456789",
        "Klaviyo-API-Key someone",
        "{'Authorization': 'Bearer someone'}",
        "Authorization: Basic someone==",
        "grant_type=refresh_token&refresh_token=someone",
        "eyJsomeone0123456789.someone.someone",
    ],
)
def test_what_looks_private_is_hidden(text: str) -> None:
    cleaned = clean(f"before {text} after")
    assert "meone" not in cleaned.lower()
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")


@pytest.mark.parametrize("text", ["GET /api/profiles (400)", "a @ b", "2026-01-01T00:00:00Z", "pk_", "user@"])
def test_the_rest_stays(text: str) -> None:
    assert clean(text) == text


def test_a_token_is_hidden_whole_though_a_part_of_it_is_known() -> None:
    known = Secret("0123456789ab")
    assert clean("<eyJsomeone0123456789ab.someone.someone>") == f"<{known}>"


def test_a_chain_of_errors_without_an_end_is_cleaned_all_the_same() -> None:
    secret = Secret("hunter2-and-more")
    error = ValueError(secret.reveal())
    error.__context__ = error
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), (ValueError, error, None))
    assert RedactingFilter().filter(record)
    assert secret.reveal() not in logging.Formatter().format(record)


def test_a_known_secret_is_hidden_in_every_spelling() -> None:
    secret = Secret("hunter2/+x y")
    texts = ["hunter2/+x y", "hunter2%2F%2Bx%20y", "aHVudGVyMi8reCB5"]
    assert [clean(f"<{text}>") for text in texts] == ["<***>"] * 3
    assert repr(secret) == str(secret) == f"{secret}" == "***"
    assert secret.reveal() == "hunter2/+x y"


@pytest.mark.parametrize(
    "spelled",
    [
        quote(VALUE, safe=""),
        re.sub("%..", lambda match: match[0].lower(), quote(VALUE, safe="")),
        quote_plus(VALUE),
        json.dumps(VALUE),
        repr(VALUE),
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.b64encode(f"user:{VALUE}".encode()).decode(),
        base64.b64encode(f"id:{VALUE}".encode()).decode(),
        base64.b64encode(f"x:{VALUE}:".encode()).decode(),
    ],
)
def test_a_spelling_gives_nothing_away(spelled: str) -> None:
    secret = Secret(VALUE)
    cleaned = clean(f"before {spelled} after")
    assert "***" in cleaned
    # No more than the ends of it, which the characters beside it are mixed into.
    assert len(cleaned) <= len("before  after") + len("***") + 14
    assert secret.reveal() == VALUE


@given(st.data())
def test_no_large_part_of_a_secret_stays(data: st.DataObject) -> None:
    secret = Secret(VALUE)
    begin = data.draw(st.integers(0, len(VALUE) - 12))
    end = data.draw(st.integers(begin + 12, len(VALUE)))
    assert clean(f"<{VALUE[begin:end]}>") == "<***>"
    assert repr(secret) == "***"


def test_words_that_a_short_secret_shares_stay() -> None:
    secret = Secret("refresh-me-0")
    assert clean("the refresh of the token") == "the refresh of the token"
    assert clean("refresh-me-0") == "***"
    assert repr(secret) == "***"


def test_a_value_too_short_for_a_secret_does_not_blank_out_every_line() -> None:
    secret = Secret("abc")
    assert clean("abcd") == "abcd"
    assert repr(secret) == "***"


def test_a_secret_does_not_travel() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2"))


def test_a_secret_that_is_gone_is_forgotten() -> None:
    secret = Secret("onetimevalue")
    assert clean("onetimevalue") == "***"
    del secret
    gc.collect()
    assert clean("onetimevalue") == "onetimevalue"


@given(st.text(), st.integers(2, 50))
def test_a_brief_text_is_one_line_of_so_many_characters(text: str, length: int) -> None:
    short = brief(text, length)
    assert len(short) <= length
    assert len(short.splitlines()) <= 1


@given(st.text())
def test_what_is_clean_stays_so(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_long_line_without_blanks_comes_to_an_end() -> None:
    assert clean("a" * 200_000 + "@") == "a" * 200_000 + "@"


def test_the_filter_cleans_message_traceback_and_stack(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test_redact")
    logger.addFilter(filter_ := RedactingFilter())
    try:
        int("someone@example.org")
    except ValueError:
        logger.exception("failed for %s", "someone@example.org", stack_info=True)
    finally:
        logger.removeFilter(filter_)
    (record,) = caplog.records
    text = logging.Formatter().format(record)
    assert "failed for ***" in text
    assert "ValueError: invalid literal" in text
    assert "someone" not in text


def test_the_filter_leaves_a_record_alone_that_is_clean() -> None:
    record = logging.LogRecord("x", logging.INFO, "p", 1, "%d of %d", (1, 2), None)
    assert RedactingFilter().filter(record)
    assert (record.msg, record.args) == ("%d of %d", (1, 2))


def test_the_filter_passes_a_record_whose_arguments_do_not_fit() -> None:
    record = logging.LogRecord("x", logging.INFO, "p", 1, "%d someone@example.org", ("a", "b"), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "%d ***"
