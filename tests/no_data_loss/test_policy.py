"""Which range a sync reads and how far the bookmark follows: the rules by themselves, whatever the dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.sync.bookmarks import Bookmark
from tap_klaviyo.sync.policy import Policy
from tap_klaviyo.sync.range import LAG, Range, next_range
from tap_klaviyo.sync.saved import FanOutPlace, Saved
from tests.no_data_loss.rig import NOON, as_instant, text

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
MAYBE = st.none() | MOMENTS
DAYS = st.none() | st.integers(1, 30).map(lambda days: timedelta(days=days))
POLICIES = st.builds(
    Policy,
    start=MAYBE,
    end=MAYBE,
    open_first=st.booleans(),
    future_dated=st.booleans(),
    lookback=DAYS,
    retention=DAYS,
)


@given(bookmark=MAYBE, lookback_at=MAYBE, policy=POLICIES)
def test_no_bound_is_near_now_and_all_are_whole_seconds(bookmark, lookback_at, policy):
    found = next_range(Saved(bookmark=bookmark, lookback_at=lookback_at), policy, NOON)
    assert found.until <= NOON - LAG
    for bound in (found.lower, found.upper, found.until):
        assert bound is None or bound.microsecond == 0
    assert policy.end is None or (found.upper is not None and found.upper <= policy.end)
    if found.lower is not None and policy.start is None:
        assert found.lower <= NOON - LAG


@given(bookmark=MOMENTS, lookback_at=MAYBE, policy=POLICIES, seen=st.lists(st.tuples(MOMENTS, MOMENTS).map(sorted)))
def test_the_bookmark_never_goes_back_nor_past_its_bound(bookmark, lookback_at, policy, seen):
    found = next_range(Saved(bookmark=bookmark, lookback_at=lookback_at), policy, NOON)
    state = {"replication_key": "updated", "replication_key_value": text(bookmark)}
    following = Bookmark(state, "updated", found, "profiles")
    following.begin()
    last = found.until if found.from_the_future else bookmark
    for oldest, newest in seen:
        following.saw(oldest, newest)
        following.advance()
        now = as_instant(state["replication_key_value"])
        assert last <= now <= max(found.until, last)
        last = now
    following.finish(everything=True)
    assert as_instant(state["replication_key_value"]) == (
        max(found.until, last) if found.moves_bookmark else last if found.from_the_future else bookmark
    )


def test_a_fan_out_resumes_within_the_bound_of_its_first_run():
    saved = Saved(bookmark=NOON - timedelta(days=9))
    policy = Policy(by_parent=True)
    first = next_range(saved, policy, NOON - timedelta(days=1))
    again = next_range(replace(saved, fan_out=FanOutPlace(first.until, "L5")), policy, NOON)
    assert again == Range(first.lower, first.until, first.until, after_parent="L5", keeps_lookback=False)


def test_a_fan_out_whose_bound_is_before_the_start_by_now_begins_anew():
    saved = Saved(bookmark=NOON - timedelta(days=9))
    place = FanOutPlace(NOON - timedelta(days=5), "L5")
    for start in (place.until, place.until + timedelta(days=1)):
        policy = Policy(by_parent=True, start=start)
        found = next_range(replace(saved, fan_out=place), policy, NOON)
        assert found == next_range(saved, policy, NOON)
        assert (found.lower, found.after_parent) == (start, None)
