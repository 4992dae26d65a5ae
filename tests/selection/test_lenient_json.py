"""A page is looked at again only if there is something wrong with it."""

from __future__ import annotations

import json
from unittest import mock

import msgspec
import pytest
from msgspec import Raw

from benchmarks.shapes import SHAPES, templates
from tap_klaviyo.records import lenient_json
from tap_klaviyo.records.lenient_json import Changes, decode

DIGITS = "1" * 309
raw = msgspec.json.Decoder(Raw).decode


def decoded(body: bytes) -> tuple[bytes, Changes]:
    found, changes = decode(body, raw)
    return bytes(found), changes


@pytest.mark.parametrize("kind", SHAPES)
def test_what_a_shop_has_needs_no_second_look(kind):
    rows = (row.replace(b"#SECONDS#", b"1714557600") for row in templates(kind, real=True))
    body = b"[" + b",".join(rows) + b"]"
    broken = AssertionError("a legal page was mended")
    with (
        mock.patch.object(lenient_json, "_NUMBER", mock.Mock(sub=mock.Mock(side_effect=broken))),
        mock.patch.object(lenient_json, "without_lone_surrogates", side_effect=broken),
        mock.patch.object(lenient_json, "_rewritten", side_effect=broken),
    ):
        assert decoded(body) == (body, Changes())


@pytest.mark.parametrize("before", range(17))
@pytest.mark.parametrize("after", ["", "," + "9" * 308])
def test_a_long_number_is_found_wherever_it_stands(before, after):
    text = f'["{"x" * before}",{DIGITS}{after},1]'
    assert decoded(text.encode())[0] == text.replace(DIGITS, f'"{DIGITS}"').encode()


def test_a_number_of_308_digits_and_text_of_more_stay():
    body = f'[{DIGITS[1:]},"{DIGITS}","\\"{DIGITS}",1e999,1.{DIGITS}]'.encode()
    assert decoded(body) == (body, Changes())


@pytest.mark.parametrize("at", [0, 8190, 8191, 8192, 20_000])
@pytest.mark.parametrize(
    ("spelt", "read", "replaced"),
    [
        ("🎈".encode(), "🎈", False),
        (b"\xff", "\ufffd", True),
        (b"\xf0\x9f\x8e", "\ufffd", True),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd", True),
        (b"\\ud83c\\udf88", "🎈", False),
        (b"\\ud83c", "\ufffd", True),
        (b"\\uDF88\\ud83c\\uDF88", "\ufffd🎈", True),
        (b"\\\\ud83c", "\\ud83c", False),
    ],
)
def test_what_is_no_character_becomes_one_that_says_so(at, spelt, read, replaced):
    found, changes = decoded(b'{"%b%b":[1.50,"%b\\n"]}' % (b"k" * at, spelt, spelt))
    assert json.loads(found) == {"k" * at + read: [1.5, f"{read}\n"]}
    assert b"1.50" in found
    assert changes == Changes(replaced=replaced)


@pytest.mark.parametrize("oddity", ["", '"\\ud800"', '"\\ud800",NaN', "NaN", '"a\tb"', '"a\nb"'])
def test_numbers_come_out_as_they_are_spelt_whatever_is_beside_them(oddity):
    numbers = "[1.50,1e999,-0.0,123456789012345678901234567890,1E5]"
    body = f'{{"n": {numbers},\r\n "o": [{oddity}]}}'.encode()
    found, _ = decoded(body)
    assert found.startswith(b'{"n":' + numbers.encode())
    assert b"\n" not in found
    assert b"\r" not in found
    json.loads(found)


@pytest.mark.parametrize("body", [b'{"a":"x"}', b'{"\\ud800":"x"}'])
def test_json_of_another_form_is_not_mended(body):
    with (
        mock.patch.object(lenient_json, "_rewritten", side_effect=AssertionError),
        pytest.raises(msgspec.ValidationError),
    ):
        decode(body, msgspec.json.Decoder(dict[str, int]).decode)


@pytest.mark.parametrize(("spelt", "read"), [(b"\0", ""), (b"\0\0", ""), (b"\\\\\0", "\\"), (b"\xff\0", "\ufffd")])
def test_a_nul_character_that_was_not_escaped_goes(spelt, read):
    found, _ = decoded(b'{"a":"x%by","n":NaN}' % spelt)
    assert json.loads(found) == {"a": f"x{read}y", "n": None}
