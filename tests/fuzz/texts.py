"""JSON as no library writes it: odd numbers, odd escapes, blanks between tokens; and real answers, spoilt."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Standard JSON that parsers stumble over, each in its own way.
NUMBERS = (
    *("0", "-0", "-0.0", "1E5", "1e+2", "1.50", "1e-400", "2147483648", "9007199254740993", "18446744073709551616"),
    *("1e308", "-1.7976931348623157e308", "1e309", "1e999", "-1E+400", "0.1e1000000", "1e-9999999999999999999999"),
    *("9" * 308, "9" * 309, "-" + "1" * 400, "1" * 4301, "1" * 310 + ".5", "1" * 310 + "e-300", "0." + "3" * 400),
)
STRINGS = (
    *('""', '" "', '"null"', '"NaN"', '"12"', '"12.50"', '"1e999"', '"true"', '"2024-02-30T00:00:00+00:00"'),
    *('"2024-02-29 10:00:00+00:00"', '"2024-02-29T10:00:00Z"', '"2024-W09-4T10:00:00+00:00"', '"May 5, 2021"'),
    *('"2024-02-29T100000.5+00:00"', '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59-23:59"', '"2024-02-29"'),
    *('"2024-02-29T10:00:00.123456789+00:00"', '"2024-02-29T24:00:00+00:00"', '"2024-02-29T23:59:60+00:00"'),
    *('"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83c\\udf88"', '"\\u2028"', '"\\n\\r\\t"', '"\\/"'),
    *(f'"{"9" * 400}"', '"\u2028\u2029\u0085"', '"🎈"', '"a\\"b\\\\"', '"{\\"a\\":1}"', '"\x7f"'),
)
# What is not JSON, and comes all the same.
BROKEN = ("NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "nul", "'a'", '"\t"', '"a', "", "undefined", "{,}")


_SHOWN = 1000


class Token(str):
    """A piece of JSON text that is written as it stands."""

    __slots__ = ()


BLANKS = st.sampled_from(["", "", "", "", " ", "\n", "\r\n", "\t", "  \n"])
WORDS = st.sampled_from(["NaN", "a", "id", "type", "data", "next", "🎈", "\ud800", "", "a\nb", "$value", "\x00"])


def tokens(*more: str) -> st.SearchStrategy[Token]:
    """One piece that is neither a list nor an object."""
    written = st.one_of(
        st.sampled_from([*NUMBERS, *STRINGS, "null", "true", "false", *more]),
        st.integers().map(str),
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.text(max_size=8).map(json.dumps),
        st.text(max_size=8).map(lambda text: json.dumps(text, ensure_ascii=False)),
    )
    return written.map(Token)


def values(*more: str) -> st.SearchStrategy[Any]:
    """Any value, its leaves written oddly."""
    return st.recursive(
        tokens(*more),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    )


def nests() -> st.SearchStrategy[Token]:
    """A value nested deeper or less deep than a parser goes."""
    depths = st.one_of(st.integers(1, 400), st.integers(900, 1100), st.just(3000))
    shapes = st.sampled_from([("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
    return st.builds(lambda depth, shape: Token(shape[0] * depth + "1" + shape[1] * depth), depths, shapes)


def write(value: Any, blank: Callable[[], str] = str) -> str:
    """Write a value as JSON, its tokens as they stand, with blanks where blanks may be."""
    if isinstance(value, Token):
        text = str(value)
    elif isinstance(value, dict):
        members = (f"{blank()}{json.dumps(str(name))}{blank()}:{write(item, blank)}" for name, item in value.items())
        text = f"{{{','.join(members)}{blank()}}}"
    elif isinstance(value, list):
        text = f"[{','.join(write(item, blank) for item in value)}{blank()}]"
    else:
        text = json.dumps(value)
    return f"{blank()}{text}{blank()}"


class Body(bytes):
    """Bytes that are shown in brief."""

    __slots__ = ()

    def __repr__(self) -> str:
        whole = super().__repr__()
        return whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}… of {len(self)} bytes"


def encoded(text: str) -> Body:
    """As bytes; what is no character becomes bytes that are no UTF-8."""
    return Body(text.encode(errors="surrogatepass"))


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    yield at
    members: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    for name, item in members:
        yield from _places(item, (*at, name))


def _parent(value: Any, at: tuple[Any, ...]) -> Any:
    for name in at[:-1]:
        value = value[name]
    return value


def _alike(value: Any) -> st.SearchStrategy[Any]:
    """Another value of the same kind: this is where what is compiled for a kind goes wrong."""
    if isinstance(value, str):
        return st.sampled_from(STRINGS).map(Token)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return st.sampled_from(NUMBERS).map(Token)
    return tokens()


@st.composite
def spoilt(draw: st.DrawFn, whole: Any, replacing: st.SearchStrategy[Any], most: int = 4) -> Any:
    """A copy of a value with a few places of it replaced, left out, renamed or doubled."""
    found = copy.deepcopy(whole)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.sampled_from(sorted(_places(found), key=repr)))
        if not at:
            if draw(st.integers(0, 9)) == 0:
                return draw(replacing)
            continue
        holder, name = _parent(found, at), at[-1]
        what = draw(st.sampled_from(["replace", "replace", "replace", "leave out", "rename", "double"]))
        if what == "replace":
            holder[name] = draw(_alike(holder[name]) | replacing)
        elif what == "leave out":
            del holder[name]
        elif isinstance(holder, list):
            holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(holder[name]))
        else:
            holder[draw(WORDS)] = holder[name] if what == "double" else holder.pop(name)
    return found


@st.composite
def torn(draw: st.DrawFn, body: bytes) -> bytes:
    """A copy of some bytes with a few of them changed, lost or put in."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        until = min(len(body), at + draw(st.sampled_from([0, 0, 1, 1, 7, len(body)])))
        noise = draw(
            st.sampled_from([b"", b"\xff", b"\x00", b'"', b"\\", b"}", b"]", b"9" * 400, b"\xed\xa0\x80", b"\n"])
        )
        body = body[:at] + noise + body[until:]
    return body
