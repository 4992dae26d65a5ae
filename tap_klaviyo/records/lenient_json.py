"""The bytes of an answer, made fit to be read, and to stand in a line of output that a target can read.

What is cut and quoted here is nothing that Klaviyo's own limits let anybody send; it must not end a pipeline either.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

# A longer whole number is beyond any float, and Python's parser, so most targets, refuses one of 4,301 digits with the
# whole line. `1e999` is as large and passes: a search for exponents takes 1 to 2 ms a page, reading it takes 4.
LONGEST_NUMBER = 308
_TEXT = rb'"(?:[^"\\]++|\\.)*+"?+'  # a token too, so that digits and brackets in it are none
_NUMBER = re.compile(_TEXT + rb"|-?+([0-9]++)(?:\.[0-9]++)?+([eE][+-]?+[0-9]++)?+", re.DOTALL)
# A long number shows in a sample of the bytes, 0.03 ms a page: of 309 bytes in a row at least four are looked at.
_STRIDE = 64
_SAMPLED = b"0000"
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord("x") for byte in range(256))

# Parsers give up at 900 to 1,000 levels, as many as their caller leaves them.
DEEPEST = 200
_BRACKET = re.compile(_TEXT + rb"|[\[\]{}]", re.DOTALL)


def clean_body(body: bytes) -> bytes:
    """Return the body as UTF-8 without line breaks, and numbers of more than 308 digits as text."""
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            body = body.decode(errors="replace").encode()
    if _SAMPLED in body[::_STRIDE].translate(_DIGITS):
        body = _NUMBER.sub(_readable, body)
    if b"\n" in body or b"\r" in body:
        try:
            body = msgspec.json.format(body, indent=-1)
        except (msgspec.DecodeError, RecursionError):
            return body  # the tolerant parser will have to read it
    return body


def _readable(token: re.Match[bytes]) -> bytes:
    whole, exponent = token.groups()
    too_long = whole is not None and exponent is None and len(whole) > LONGEST_NUMBER
    return b'"%b"' % token[0] if too_long else token[0]


def shallow(body: bytes) -> bytes:
    """Return the body with null in place of what lies deeper than 200 levels."""
    pieces, begin, level = [], 0, 0
    for token in _BRACKET.finditer(body):
        mark = token[0]
        if mark in b"[{":
            level += 1
            if level == DEEPEST + 1:
                pieces += [body[begin : token.start()], b"null"]
        elif mark in b"]}":
            if level == DEEPEST + 1:
                begin = token.end()
            level -= 1
    # One that ends deep inside is no JSON, whatever is cut.
    return b"".join([*pieces, body[begin:]]) if level <= DEEPEST else body


def loads(body: bytes) -> Any:
    """Read JSON as far as it makes sense: null for what is no number, text for a number that no float holds.

    Raises:
        ValueError: It is no JSON.
        RecursionError: It is nested too deep; not so what is `shallow`.
    """
    return json.loads(
        body.decode(errors="replace"), parse_constant=_null, parse_float=_float, parse_int=_int, strict=False
    )


def read(body: bytes, parse: Callable[[bytes], Any] = loads) -> tuple[Any, bool]:
    """Read JSON, and tell whether that took cutting it.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return parse(body), False
    except RecursionError:
        body = shallow(body)
    try:
        return parse(body), True
    except RecursionError:
        raise ValueError from None


def _null(_constant: str) -> None:
    """Take the place of ``NaN`` and ``Infinity``."""


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _int(text: str) -> int | str:
    return int(text) if len(text.lstrip("-")) <= LONGEST_NUMBER else text
