"""The bytes of a response, made fit to be read, and to stand in a line of output that a target can read.

What is cut and quoted here is nothing that Klaviyo's own limits let anybody send; it must not end a pipeline either.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Raw

from tap_klaviyo.records.nul import without_nul

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# A longer whole number is beyond any float, and Python's parser, so most targets, refuses one of 4,301 digits with the
# whole line. `1e999` is as large and passes as it stands: a search for exponents takes as long as the decoding.
LONGEST_NUMBER = 308
_TEXT = rb'"(?:[^"\\]++|\\.)*+"?+'  # a token too, so that digits and brackets in it are none
_NUMBER = re.compile(_TEXT + rb"|-?+([0-9]++)(?:\.[0-9]++)?+([eE][+-]?+[0-9]++)?+", re.DOTALL)
# Of 309 digits in a row a sample of every 16th byte meets 19, which ids and prices never fill: 0.1 ms a MB, against 40
# for a look at each token.
_STRIDE = 16
_SAMPLED = b"0" * ((LONGEST_NUMBER + 1) // _STRIDE)
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord("x") for byte in range(256))

# One emoji makes Python widen all the text that is decoded with it; in pieces that is few KB, a tenth of the time.
_PIECE = 8192

# Escapes of which two together are one character; the empty groups tell those that stand alone.
_ESCAPE = re.compile(
    rb"\\(?:u[dD](?:[89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2}|())|[c-fC-F][0-9a-fA-F]{2}())|.)", re.DOTALL
)
_REPLACEMENT = rb"\ufffd"

# Parsers give up at 900 to 1,000 levels, as many as their caller leaves them.
DEEPEST = 200
_BRACKET = re.compile(_TEXT + rb"|[\[\]{}]", re.DOTALL)


class Changes(NamedTuple):
    """What had to be changed in a response before it could be read."""

    replaced: bool = False
    """Whether U+FFFD stands in place of what is no Unicode character."""
    cut: bool = False
    """Whether null stands in place of what was nested too deep."""


def decode(body: bytes, decoder: Callable[[bytes], T]) -> tuple[T, Changes]:
    """Decode a response by msgspec; what is no JSON in it, though most parsers take it, is fixed first.

    Bytes are looked at again only when the decoder has refused them, save for what it does not look at in raw JSON:
    UTF-8, line breaks and the length of numbers. Numbers stay as they are spelt.

    Raises:
        msgspec.DecodeError: It is JSON of another form, or holds a number that its type does not.
        ValueError: It is no JSON.
    """
    body, replaced = _clean(body)
    try:
        return decoder(_one_line(body)), Changes(replaced)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, RecursionError):
        mended = without_lone_surrogates(body)
    if mended != body:
        replaced = True
        try:
            return decoder(_one_line(mended)), Changes(replaced)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, RecursionError):
            pass
    # A NUL character that was not escaped, which is no JSON, is by now.
    found, cut = read(mended, lambda text: decoder(without_nul(_rewritten(text))))
    return found, Changes(replaced, cut)


def _clean(body: bytes) -> tuple[bytes, bool]:
    """Return the body as UTF-8, numbers of more than 308 digits as strings, and whether any bytes were no UTF-8."""
    replaced = not _is_utf8(body)
    if replaced:
        body = body.decode(errors="replace").encode()
    if _SAMPLED in body[::_STRIDE].translate(_DIGITS) and b"0" * (LONGEST_NUMBER + 1) in body.translate(_DIGITS):
        body = _NUMBER.sub(_readable, body)
    return body, replaced


def _one_line(body: bytes) -> bytes:
    """Return JSON without the line breaks that raw JSON would carry into a line of output; raises as decoders do."""
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    at, view = 0, memoryview(body)
    try:
        while at < len(body):
            # A character that a piece cuts is left to the next one.
            at += codecs.utf_8_decode(view[at : at + _PIECE], "strict", at + _PIECE >= len(body))[1]
    except UnicodeDecodeError:
        return False
    return True


def _readable(token: re.Match[bytes]) -> bytes:
    whole, exponent = token.groups()
    too_long = whole is not None and exponent is None and len(whole) > LONGEST_NUMBER
    return b'"%b"' % token[0] if too_long else token[0]


def without_lone_surrogates(body: bytes) -> bytes:
    """Return JSON with U+FFFD in place of escapes of lone surrogates, which most targets refuse."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    return _ESCAPE.sub(lambda escape: _REPLACEMENT if escape.lastindex else escape[0], body)


def as_unicode(body: bytes) -> tuple[bytes, bool]:
    """Return JSON as UTF-8 without escapes of lone surrogates, and whether that took U+FFFD in place of something."""
    text = without_lone_surrogates(body if _is_utf8(body) else body.decode(errors="replace").encode())
    return text, text != body


def _rewritten(body: bytes) -> bytes:
    """Return strict JSON that says the same, with null for what is no number; numbers stay as they are spelt."""
    return msgspec.json.encode(
        json.loads(
            body.decode(errors="replace"),
            parse_constant=_null,
            parse_float=_verbatim,
            parse_int=_verbatim,
            strict=False,
        )
    )


def _verbatim(number: str) -> Raw:
    return Raw(number.encode())


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
        without_lone_surrogates(body).decode(errors="replace"),
        parse_constant=_null,
        parse_float=_float,
        parse_int=_int,
        strict=False,
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
