"""Facts that stand only in prose are found in prose of that form, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.contract.descriptions import facts_of, property_facts

PAGE_SIZE = {"name": "page[size]"}
SLOWER = (
    "Rate limits when using the `{parameter}={value}` parameter in your API request:"
    "<br>Burst: `{burst}`<br>Steady: `{steady}`"
)


@given(
    st.sampled_from(["include", "additional-fields[thing]"]),
    st.sampled_from(["count", "many_words"]),
    st.integers(1, 999),
    st.integers(1, 9999),
)
def test_lower_limits(parameter: str, value: str, burst: int, steady: int) -> None:
    stated = {"parameter": parameter, "value": value, "burst": f"{burst}/s", "steady": f"{steady}/m"}
    text = f"Read things.<br><br>{SLOWER.format(**stated)}<br><br>And so on."
    assert facts_of({"description": text}) == {"x-ratelimit-when": [stated]}


@pytest.mark.parametrize(
    ("text", "parameters", "facts"),
    [
        ("Returns a maximum of 70 things per request.", [], {"x-page-size": 70}),
        ("Returns a maximum of 70 small\nthings per page.", [], {"x-page-size": 70}),
        ("With a fixed page size of 30.", [], {"x-page-size": 30}),
        ("Returns a maximum of 70 things per request.", [PAGE_SIZE], {}),
        ("Rows are returned newest first.", [], {"x-order": "newest-first"}),
        ("Rows are retained for 9 days.", [], {"x-retention-days": 9}),
        ("A channel filter is required here.", [], {"x-filter-requires": ["messages.channel"]}),
        ("All things.", [], {}),
        ("", [], {}),
    ],
)
def test_facts_of_an_operation(text: str, parameters: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    assert facts_of({"description": text, "parameters": parameters}) == facts


def test_an_operation_without_a_description_has_no_facts() -> None:
    assert facts_of({}) == {}


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("If not passed in, the data will be grouped by a_id, b.\nMore.", {"x-default": ["a_id", "b"]}),
        ("The following group by attributes are required: b, a_id", {"x-required": ["b", "a_id"]}),
        ("The prerequisites for b_id is a_id", {"x-requires": {"b_id": ["a_id"]}}),
        ("If a is used, the timeframe cannot be longer than 7 days.", {"x-maximum-days": {"a": 7}}),
        ("If b is used, the timeframe cannot be longer than 2 weeks.", {"x-maximum-days": {"b": 14}}),
        ("A time frame (Max length: 1 year).", {"x-maximum-days": 365}),
        ("Data is unavailable before March 2nd, 2021.", {"x-earliest": "2021-03-02"}),
        ("Max of 50 items per list filter.", {"x-list-maximum": 50}),
        ("Some, a few notable exceptions are `A/B`, `C` and `D`. Mind the case.", {"x-refused": ["A/B", "C", "D"]}),
        ("The name of a thing", {}),
    ],
)
def test_facts_of_a_property(text: str, facts: dict[str, Any]) -> None:
    assert property_facts(text) == facts


def test_filters_by_their_kind() -> None:
    text = (
        "Scalar attributes (a, b): Supported operators: equals, contains-any.\n"
        "List attributes (c): Supported operators: contains-all.\n"
        "When filtering on b, allowed values are x, y-z."
    )
    both = {"single": ["equals"], "list": ["contains-any"]}
    assert property_facts(text)["x-filters"] == {
        "a": {"operators": both, "value": {"type": "string"}},
        "b": {"operators": both, "value": {"type": "string", "enum": ["x", "y-z"]}},
        "c": {"operators": {"list": ["contains-all"]}, "value": {"type": "string"}},
    }


def test_filters_that_share_their_operators() -> None:
    text = "Allowed filters are a_id, b_id.\nAllowed operators are equals, any.\nOnly one filter."
    expected = {"operators": {"single": ["equals"], "list": ["any"]}, "value": {"type": "string"}}
    assert property_facts(text) == {"x-filters": {"a_id": expected, "b_id": expected}}


def test_a_filter_on_time() -> None:
    text = "The range is set by providing a `greater-or-equal` and a `less-than` filter on the `datetime` field."
    assert property_facts(text)["x-filters"] == {
        "datetime": {
            "operators": {"single": ["greater-or-equal", "less-than"]},
            "value": {"type": "string", "format": "date-time"},
        }
    }
