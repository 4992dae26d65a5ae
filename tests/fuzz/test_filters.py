"""The filters that users write: what is taken, the strict shop takes too; the rest is refused in words."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from tap_klaviyo import contract
from tap_klaviyo.contract.filter_parser import FilterError, conditions
from tap_klaviyo.contract.filters import all_of, parts
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.filters import conditions_of
from tests.fuzz.scale import examples

if TYPE_CHECKING:
    from tap_klaviyo.contract import FilterField

NOW = 1_900_000_000_000_000  # microseconds; bounds that are too near to the present are the shop's to refuse
WORDS = ["and", "equals", "any", "has", "greater-than", "less-or-equal", "contains", "id", "updated", "created", "$x"]
DATE_TIMES = [
    "2024-01-01T00:00:00Z",
    "2024-01-01",
    "2024-02-29T10:00",
    "2024-01-01T00:00:00+02:00",
    "2024-13-01",
    "now",
]
NUMBERS = ["5", "-5", "1.5", "+5", "1e5", "5.", ".5", "0x5", "1_0", "9" * 400, "1e999", "NaN"]
STRINGS = ['"a"', "'a'", '"a,b)"', "'it\\'s'", "'\\\\'", '"🎈"', "'\ud800'", "'\n'", '""', "'equals(a,b)'", "'", '"a']


# Its example in the document has one value where the list of operators, which the shop goes by, wants several.
CONTRADICTORY = "/api/coupon-codes"


@cache
def filtering():
    found = {path for (method, path), one in contract.newest().endpoints().items() if method == "GET" and one.filters}
    return sorted(found - {CONTRADICTORY})


def literals(fact: FilterField):
    if fact.format == "date-time":
        return st.sampled_from(DATE_TIMES[:4])
    if fact.type == "boolean":
        return st.sampled_from(["true", "false"])
    if fact.type in {"number", "integer"}:
        return st.sampled_from(NUMBERS[:2] if fact.type == "integer" else NUMBERS[:3])
    if fact.enum:
        return st.sampled_from(fact.enum).map(repr)
    return st.sampled_from(STRINGS[:6])


@st.composite
def written(draw, path):
    """One condition that the endpoint allows."""
    filters = contract.newest().endpoints()["GET", path].filters
    field = draw(st.sampled_from(sorted(filters)))
    fact = filters[field]
    operator = draw(st.sampled_from(sorted({*fact.operators, *fact.list_operators})))
    if operator == "has":
        return f"has({field})"
    blank = draw(st.sampled_from(["", "", " "]))
    if operator in fact.operators:
        return f"{operator}({blank}{field},{blank}{draw(literals(fact))}{blank})"
    return f"{operator}({field},[{','.join(draw(st.lists(literals(fact), min_size=1, max_size=3)))}{blank}])"


@st.composite
def joined(draw, path):
    """Conditions that the endpoint allows, in lists and in `and`s."""
    leaves = written(path)
    nested = st.recursive(leaves, lambda inner: st.lists(inner, min_size=1, max_size=3).map(_and), max_leaves=4)
    return ",".join(draw(st.lists(nested, min_size=1, max_size=2)))


def _and(inner):
    return f"and({','.join(inner)})"


PATHS = st.deferred(lambda: st.sampled_from(filtering()))
BITS = st.sampled_from([*WORDS, *DATE_TIMES, *NUMBERS, *STRINGS, *"()[],'\"\\ ", "\n", "😀", "\ud800", "and(" * 2000])


@st.composite
def garbled(draw, path):
    """A filter with bits of it lost, doubled or replaced."""
    text = draw(joined(path))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        until = min(len(text), at + draw(st.integers(0, 4)))
        text = text[:at] + draw(BITS | st.just("")) + text[until:]
    return text


def check(path, text):
    endpoint = contract.newest().endpoints()["GET", path]
    try:
        found = conditions(text, endpoint.filters)
    except FilterError:
        return None
    together = all_of(found)
    assert together is not None
    operation = load(contract.newest().revision).operation("GET", path)
    needed = [name for name in operation.filter_requires[:1] if name not in text]
    required = [f"equals({name},'{next(iter(endpoint.filters[name].enum), 'x')}')" for name in needed]
    fields = [one.partition("(")[2].partition(",")[0] for one in found]
    # Bounds that leave nothing between them are not the tap's to find.
    if len(set(fields)) == len(fields):
        asked = all_of([*found, *required]) or ""
        assert len(conditions_of(asked, operation, NOW)) == len(found) + len(required)
    assert conditions(together, endpoint.filters) == found
    return found


@given(PATHS, st.data())
@examples(150)
def test_what_the_endpoint_allows_is_taken(path, data):
    text = data.draw(joined(path))
    assert check(path, text), text


@given(PATHS, st.data())
@examples(250)
def test_what_is_garbled_is_taken_or_refused(path, data):
    event("taken" if check(path, data.draw(garbled(path))) else "refused")


@given(PATHS, st.text() | st.lists(BITS, max_size=12).map("".join))
@example("/api/lists", "and(" * 100_000)
@example("/api/lists", "and(" * 5_000 + "equals(id,'a')" + ")" * 5_000)
@examples(150)
def test_any_text_is_taken_or_refused(path, text):
    check(path, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("and(equals(id,'a'),and(equals(email,'b')))", ["equals(id,'a')", "equals(email,'b')"]),
        ("and(equals(id,'a')),and(equals(email,'b'))", ["equals(id,'a')", "equals(email,'b')"]),
        (" equals( id , 'a' ) , equals(email,'b')", ["equals(id,'a')", "equals(email,'b')"]),
        ("any(id,[ 'a', 'b' ])", ["any(id,['a','b'])"]),
        ("greater-than(updated,2024-01-01)", ["greater-than(updated,2024-01-01T00:00:00Z)"]),
        ("greater-than(updated,2024-01-01T00:00:00+02:00)", ["greater-than(updated,2023-12-31T22:00:00Z)"]),
    ],
)
def test_one_spelling(text, found):
    assert conditions(text, contract.newest().endpoints()["GET", "/api/profiles"].filters) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("greater-than(updated,[2024-01-01])", r"greater-than\(updated,…\) takes one value"),
        ("any(id,'a')", r"any\(id,…\) takes a list in \[ \]"),
    ],
)
def test_one_value_or_a_list_as_the_operator_takes_it(text, words):
    with pytest.raises(FilterError, match=words):
        conditions(text, contract.newest().endpoints()["GET", "/api/profiles"].filters)


@pytest.mark.parametrize("text", ["equals(id,'a'", "equals(id,'a'))", ",", "and()", "and(equals(id,'a'),)", ")("])
def test_brackets_that_do_not_match_are_refused(text):
    with pytest.raises(FilterError):
        conditions(text, contract.newest().endpoints()["GET", "/api/profiles"].filters)


def test_has_takes_a_field_alone():
    assert conditions(" has( metric ) ", contract.newest().endpoints()["GET", "/api/events"].filters) == ["has(metric)"]


def test_a_template_stays_as_it_is_where_it_cannot_be_taken_apart():
    assert all_of(["equals(a,'(')", "x(", "and(b(c),d)"]) == "and(equals(a,'('),x(,b(c),d)"
    assert parts("x(,y") == ["x(,y"]
