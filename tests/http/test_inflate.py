"""A gzip body is inflated whole, up to a bound, by whichever library the platform has."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import sys
import zlib

import pytest

from tap_klaviyo.http import inflate as module
from tap_klaviyo.http.inflate import BadGzipError, CutGzipError, inflate

PLAIN = b'{"data": []}' * 1000
PACKED = gzip.compress(PLAIN)


@pytest.fixture(params=["the platform's", "zlib"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setattr(module, "zlib", zlib)


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (PACKED, PLAIN),
        (PACKED + gzip.compress(b"more"), PLAIN + b"more"),
        (PACKED + b"\0" * 9, PLAIN),
        (gzip.compress(b""), b""),
    ],
    ids=["one member", "two members", "padded", "empty"],
)
def test_all_members_are_read(packed: bytes, plain: bytes) -> None:
    assert inflate(packed, len(plain)) == plain


def test_no_more_is_made_than_tells_that_it_is_too_much() -> None:
    assert inflate(PACKED * 3, 100) == PLAIN[:101]
    assert inflate(PACKED * 3, len(PLAIN) + 100) == (PLAIN * 2)[: len(PLAIN) + 101]


def test_zlib_will_do_where_there_is_no_faster_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "isal", None)
    spec = importlib.util.find_spec("tap_klaviyo.http.deflate")
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh.zlib is zlib


@pytest.mark.parametrize("cut", [1, 8, len(PACKED) // 2, len(PACKED) - 1])
def test_a_cut_member_is_told_from_a_whole_one(cut: int) -> None:
    with pytest.raises(CutGzipError):
        inflate(PACKED[:-cut], 1 << 20)


@pytest.mark.parametrize("packed", [b"never compressed", PACKED[:-8] + b"\xff" * 4 + PACKED[-4:]], ids=["text", "sum"])
def test_what_is_no_gzip_is_refused(packed: bytes) -> None:
    with pytest.raises(BadGzipError):
        inflate(packed, 1 << 20)


@pytest.mark.parametrize("said", [0, 1, len(PLAIN) - 1, (1 << 32) - 1])
def test_a_size_that_is_not_true_loses_nothing(said: int) -> None:
    with contextlib.suppress(BadGzipError):
        assert inflate(PACKED[:-4] + said.to_bytes(4, "little"), 1 << 20) == PLAIN
