"""Whole local days, cut into windows that never overlap and leave no day out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tap_klaviyo.streams.reports.days import (
    DAY,
    MONTH,
    ONE_DAY,
    WEEK,
    Days,
    Span,
    a_year_before,
    block_start,
    days_to_read,
    first_day,
    first_hour,
    following_block,
    following_period,
    labelled,
    last_hour,
    last_whole_day,
    local_times,
    windows,
)

# Changes of the clock, also of half an hour, at midnight and from UTC; parts of an hour; more than half a day ahead.
ZONES = [
    ZoneInfo(name)
    for name in (
        *("America/New_York", "Asia/Kolkata", "Pacific/Tongatapu", "Pacific/Apia", "UTC", "Europe/London"),
        *("Asia/Tokyo", "Pacific/Kiritimati", "Australia/Lord_Howe", "Asia/Beirut", "America/Santiago"),
    )
]

days = st.dates(date(2019, 1, 1), date(2029, 12, 31))
periods = st.sampled_from([DAY, WEEK, MONTH])
lengths = st.sampled_from([7, 60, 364, 365])


@st.composite
def ranges(draw: st.DrawFn) -> Days:
    first = draw(days)
    return Days(first, first + timedelta(days=draw(st.integers(0, 900))))


@given(ranges(), periods, st.one_of(st.none(), lengths), st.one_of(st.none(), days))
def test_windows_cover_every_day_once(span: Days, period: str, most: int | None, earliest: date | None) -> None:
    if period == MONTH and most is not None:
        most = max(most, 60)
    found = list(windows(span, period, most, earliest))
    asked = [one.since + timedelta(days=n) for one in found for n in range((one.through - one.since).days + 1)]
    begin = max(span.first, earliest) if earliest else span.first
    from_start = first_day(begin, period)
    expected_first = max(from_start, earliest) if earliest else from_start
    count = max(0, (span.last - expected_first).days + 1) if begin <= span.last else 0
    assert asked == [expected_first + timedelta(days=n) for n in range(count)]


@given(ranges(), periods, lengths)
def test_no_window_is_longer_than_klaviyo_allows_nor_shorter_than_needed(span: Days, period: str, most: int) -> None:
    if period == MONTH:
        most = max(most, 60)
    found = list(windows(span, period, most))
    assert all((one.through - one.since).days + 1 <= most for one in found)
    longest = {DAY: 1, WEEK: 7, MONTH: 31}[period]
    for one in found[1:-1]:
        assert (one.end - one.start).days + 1 + longest + 2 * (period == MONTH) * (most // 31) > most


@given(days, st.integers(0, 900), periods, lengths)
def test_blocks_are_the_same_wherever_a_sync_begins(day: date, later: int, period: str, most: int) -> None:
    if period == MONTH:
        most = max(most, 60)
    begin, after = block_start(day, period, most), following_block(day, period, most)
    assert begin <= day < after
    assert (after - begin).days <= most
    assert block_start(after, period, most) == after
    assert block_start(after - ONE_DAY, period, most) == block_start(begin, period, most) == begin
    assert first_day(begin, period) == begin
    last = day + timedelta(days=later)
    cut = list(windows(Days(begin, last), period, most))
    assert cut[0].start == begin
    whole = {one.start: one.end for one in windows(Days(begin - timedelta(days=700), last), period, most)}
    assert all(whole[one.start] == one.end for one in cut)


@given(ranges(), periods)
def test_windows_of_one_period_are_the_calendar_s(span: Days, period: str) -> None:
    for one in windows(span, period):
        assert one.start == first_day(one.start, period)
        assert one.end == following_period(one.start, period) - ONE_DAY
        assert one.through == min(one.end, span.last)


@given(days, days, periods, st.integers(0, 40))
def test_a_window_has_the_same_name_while_it_fills(first: date, bookmark: date, period: str, lookback: int) -> None:
    """Whatever was read before: a later sync asks for a window under the dates that it had."""
    whole = {one.start: one.end for one in windows(Days(date(2018, 1, 1), date(2031, 1, 1)), period)}
    last = max(first, bookmark)
    for one in windows(days_to_read(last, bookmark, lookback=lookback), period):
        assert whole[one.start] == one.end


@given(days, st.integers(0, 400), st.integers(0, 40), periods)
def test_two_syncs_leave_no_day_out(bookmark: date, later: int, lookback: int, period: str) -> None:
    last = bookmark + timedelta(days=later)
    read = {
        one.since + timedelta(days=n)
        for one in windows(days_to_read(last, bookmark, lookback=lookback), period)
        for n in range((one.through - one.since).days + 1)
    }
    assert {bookmark + timedelta(days=n) for n in range(1 - lookback, later + 1)} <= read


@given(days, periods)
def test_a_period_that_was_read_in_part_is_read_again(bookmark: date, period: str) -> None:
    found = list(windows(days_to_read(bookmark + ONE_DAY, bookmark), period))
    in_part = following_period(first_day(bookmark, period), period) > bookmark + ONE_DAY
    assert (found[0].since <= bookmark) == in_part


def test_a_first_sync_reads_twelve_months() -> None:
    found = days_to_read(date(2026, 11, 21), None)
    assert found == Days(date(2025, 11, 22), date(2026, 11, 21))
    assert a_year_before(date(2024, 2, 28)) == date(2023, 2, 28)
    assert a_year_before(date(2023, 12, 31)) == date(2023, 1, 1)


def test_start_and_end_bound_the_days() -> None:
    last, start, end = date(2026, 11, 21), date(2026, 1, 1), date(2026, 2, 1)
    assert days_to_read(last, None, start=start, end=end) == Days(start, date(2026, 1, 31))
    assert days_to_read(last, date(2026, 1, 31), start=start, end=end, lookback=7) == Days(
        date(2026, 1, 25), date(2026, 1, 31)
    )
    assert days_to_read(last, date(2026, 1, 3), start=start, lookback=7) == Days(start, last)


def test_a_range_is_read_again_without_moving_the_bookmark() -> None:
    found = days_to_read(date(2026, 11, 21), date(2026, 11, 20), start=date(2026, 1, 1), end=date(2026, 2, 1))
    assert found == Days(date(2026, 1, 1), date(2026, 1, 31), moves_bookmark=False)


def test_nothing_is_left_to_read() -> None:
    today = date(2026, 11, 21)
    assert list(windows(days_to_read(today, today), DAY)) == []
    assert list(windows(days_to_read(today, today), MONTH)) == []


def test_nothing_before_the_first_day_with_data() -> None:
    found = list(windows(Days(date(2023, 1, 1), date(2023, 6, 12)), WEEK, earliest=date(2023, 6, 1)))
    assert found == [
        Span(date(2023, 5, 29), date(2023, 6, 4), date(2023, 6, 1), date(2023, 6, 4)),
        Span(date(2023, 6, 5), date(2023, 6, 11), date(2023, 6, 5), date(2023, 6, 11)),
        Span(date(2023, 6, 12), date(2023, 6, 18), date(2023, 6, 12), date(2023, 6, 12)),
    ]
    assert list(windows(Days(date(2023, 1, 1), date(2023, 5, 30)), WEEK, earliest=date(2023, 6, 1))) == []


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("America/New_York", "2024-03-10T04:59:59", date(2024, 3, 8)),
        ("America/New_York", "2024-03-10T05:00:00", date(2024, 3, 9)),
        ("America/New_York", "2024-03-11T04:00:00", date(2024, 3, 10)),
        ("Asia/Kolkata", "2024-03-10T18:29:59", date(2024, 3, 9)),
        ("Asia/Kolkata", "2024-03-10T18:30:00", date(2024, 3, 10)),
        ("Pacific/Tongatapu", "2024-03-10T11:00:00", date(2024, 3, 10)),
        ("Pacific/Tongatapu", "2024-03-10T10:59:59", date(2024, 3, 9)),
    ],
)
def test_the_last_whole_day(zone: str, now: str, expected: date) -> None:
    assert last_whole_day(datetime.fromisoformat(now).replace(tzinfo=UTC), ZoneInfo(zone)) == expected


@given(st.datetimes(datetime(2019, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_the_state_never_names_a_time_to_come(now: datetime, zone: ZoneInfo) -> None:
    assert labelled(last_whole_day(now, zone)) <= now


def test_a_request_says_local_times_with_the_offset_of_that_day() -> None:
    zone = ZoneInfo("America/New_York")
    assert first_hour(date(2024, 3, 10), zone) == "2024-03-10T00:00:00-05:00"
    assert last_hour(date(2024, 3, 10), zone) == "2024-03-10T23:59:59-04:00"
    assert first_hour(date(2024, 3, 10), ZoneInfo("Asia/Kolkata")) == "2024-03-10T00:00:00+05:30"


@given(days, st.sampled_from(ZONES), st.integers(1, 60), st.sampled_from(["wall", "utc", "offset"]))
def test_an_answer_s_days_are_local_however_they_are_written(day: date, zone: ZoneInfo, count: int, way: str) -> None:
    expected = [day + timedelta(days=n) for n in range(count)]
    local = [datetime.combine(one, datetime.min.time(), zone) for one in expected]
    instants = [one.replace(tzinfo=UTC) if way == "wall" else one.astimezone(UTC) for one in local]
    found = local_times(instants, offset_given=way == "offset", zone=zone, hourly=False)
    assert [one.date() for one in found] == expected


@settings(max_examples=60)
@given(days, st.sampled_from(ZONES), st.integers(1, 3), st.sampled_from(["wall", "utc"]))
def test_hours_are_local_however_they_are_written(day: date, zone: ZoneInfo, count: int, way: str) -> None:
    begin, end = (datetime.combine(one, datetime.min.time(), zone) for one in (day, day + timedelta(days=count)))
    length = int((end.astimezone(UTC) - begin.astimezone(UTC)) / timedelta(hours=1))
    hours = [begin.astimezone(UTC) + timedelta(hours=n) for n in range(length)]
    labels = [one.astimezone(zone).replace(tzinfo=UTC, fold=0) for one in hours]
    # A zone that puts its clock forward at midnight has no label that begins its day.
    assume(way == "utc" or labels[0].time() == datetime.min.time())
    found = local_times(hours if way == "utc" else labels, offset_given=False, zone=zone, hourly=True)
    assert [one.astimezone(UTC) for one in found] == hours


@pytest.mark.parametrize("way", ["wall", "utc"])
def test_the_hour_that_comes_twice_is_two_hours(way: str) -> None:
    zone = ZoneInfo("America/New_York")
    begin = datetime(2024, 11, 3, tzinfo=zone).astimezone(UTC)
    hours = [begin + timedelta(hours=n) for n in range(25)]
    instants = hours if way == "utc" else [one.astimezone(zone).replace(tzinfo=UTC) for one in hours]
    found = local_times(instants, offset_given=False, zone=zone, hourly=True)
    assert [one.astimezone(UTC) for one in found] == hours
    assert found[1].isoformat() == "2024-11-03T01:00:00-04:00"
    assert found[2].isoformat() == "2024-11-03T01:00:00-05:00"
