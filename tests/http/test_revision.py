from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo import contract
from tap_klaviyo.http.revision import own_revision_warnings, removal, revision_warning

NEWEST = contract.newest().revision
END = date(2028, 10, 15)


def test_the_contract_s_revision_is_quiet_until_90_days_before_its_end() -> None:
    assert revision_warning("2026-10-15", date(2028, 7, 16)) is None
    assert revision_warning("2026-10-15", date(2028, 7, 17)) == f"Klaviyo removes revision 2026-10-15 on {END}"
    assert "was due to remove" in str(revision_warning("2026-10-15", END))


def test_another_revision_is_told_in_one_line() -> None:
    warning = revision_warning("2024-10-15", date(2026, 11, 22))
    assert warning is not None
    assert "it applies to custom_streams only" in warning
    assert "was due to remove revision 2024-10-15 on 2026-10-15" in warning
    assert "removes" not in str(revision_warning("2026-07-15.pre", date(2026, 11, 22)))


def test_the_end_of_an_older_revision_that_streams_ask_is_told_90_days_before() -> None:
    assert own_revision_warnings(date(2028, 4, 15)) == []
    [told] = own_revision_warnings(date(2028, 4, 16))
    assert "2026-07-15 on 2028-07-15" in told


@pytest.mark.parametrize(
    ("revision", "end"),
    [
        ("2026-10-15.pre", date(2028, 10, 15)),
        ("2024-02-29", date(2026, 3, 1)),
        ("9998-01-01", None),
        ("newest", None),
        ("", None),
    ],
)
def test_a_revision_lives_for_two_years(revision: str, end: date | None) -> None:
    assert removal(revision) == end


@given(st.text() | st.dates().map(str), st.dates())
def test_any_revision_is_taken(revision: str, today: date) -> None:
    warning = revision_warning(revision, today)
    assert (warning is None) <= (revision == NEWEST)
