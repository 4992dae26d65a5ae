"""The date-times of a page, looked at all at once, come out as each of them does by itself."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_klaviyo.contract.timestamps import rfc3339
from tap_klaviyo.records.checks import date_times

USUAL = "2022-11-08T01:23:45+00:00"
PIECES = st.text(alphabet="0123456789-:T+ Z.", max_size=30)
TEXTS = st.lists(
    st.one_of(
        st.none(),
        st.datetimes().map(lambda at: f"{at.replace(microsecond=0).isoformat()}+00:00"),
        st.sampled_from([USUAL, "2022-11-08 01:23:45+00:00", "2022-11-08", "2022-02-30T01:23:45+00:00", "2022-W45-2"]),
        st.integers(0, len(USUAL)).map(lambda at: USUAL[:at]),
        st.integers(0, len(USUAL)).map(lambda at: USUAL[at:]),
        PIECES,
    ),
    max_size=6,
)


@given(TEXTS)
@example([USUAL[:10], USUAL[10:]])
@example([USUAL[:24], USUAL[24:] + USUAL])
@example(["2022-11-08T01:23:45+01:00"])
@example(["2022-11-08T01:23:4५+00:00"])
def test_as_each_by_itself(texts):
    try:
        expected = [None if text is None else rfc3339(text) for text in texts]
    except ValueError:
        with pytest.raises(ValueError):  # noqa: PT011 - of whatever wording: the page is odd
            date_times(texts, checked=False)
    else:
        assert list(date_times(texts, checked=False)) == expected
        assert list(date_times(texts, checked=True)) == expected
