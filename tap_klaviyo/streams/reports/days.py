"""Which days a report is asked for: whole days of the account, cut into calendar windows that never overlap.

Klaviyo reads a time frame in the account's time zone, whatever its offset says, and takes both ends in. So everything
here is a local date; only `first_hour` and `last_hour` write one as the time that a request says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ONE_DAY = timedelta(days=1)
_ONE_HOUR = timedelta(hours=1)
DAY, WEEK, MONTH = "day", "week", "month"
_DECEMBER = 12
_LONGEST = {DAY: 1, WEEK: 7, MONTH: 31}  # days


@dataclass(frozen=True, slots=True)
class Days:
    """The days that a sync reads, both ends included; none where ``first`` is later than ``last``."""

    first: date
    last: date
    moves_bookmark: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """One request's days: the calendar window ``start`` to ``end``, of which ``since`` to ``through`` is asked.

    They differ where the window is still filling, and where Klaviyo has no data of its beginning. All ends included.
    """

    start: date
    end: date
    since: date
    through: date


def last_whole_day(now: datetime, zone: tzinfo) -> date:
    """Return the last day that is over in a time zone."""
    return now.astimezone(zone).date() - ONE_DAY


def days_to_read(
    last: date, bookmark: date | None, *, start: date | None = None, end: date | None = None, lookback: int = 0
) -> Days:
    """Return the days of one sync.

    Args:
        last: The last whole day.
        bookmark: The last day that was read.
        start: The first day wanted; without it a first sync reads the last twelve months.
        end: The first day that is not wanted any more.
        lookback: How many of the days read last are read again.
    """
    until = min(last, end - ONE_DAY) if end else last
    if bookmark is None:
        return Days(start or a_year_before(last), until)
    if start and end and bookmark >= end:
        return Days(start, until, moves_bookmark=False)  # a run of its own, which reads a range again
    first = bookmark + ONE_DAY - timedelta(days=lookback)
    return Days(max(first, start) if start else first, until)


def a_year_before(last: date) -> date:
    """Return the first of the twelve months that end with a day."""
    following = last + ONE_DAY
    try:
        return following.replace(year=following.year - 1)
    except ValueError:  # the 29th of February
        return following.replace(year=following.year - 1, day=28)


def first_day(day: date, period: str) -> date:
    """Return the first day of the calendar period that a day lies in; weeks begin on Monday."""
    if period == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == MONTH else day


def following_period(start: date, period: str) -> date:
    """Return the first day of the period after the one that begins with ``start``."""
    if period == MONTH:
        return date(start.year + start.month // _DECEMBER, start.month % _DECEMBER + 1, 1)
    return start + (timedelta(days=7) if period == WEEK else ONE_DAY)


def block_start(day: date, period: str, most_days: int) -> date:
    """Return the first day of the block of periods that a day lies in; blocks are the same in every sync.

    A series has rows of zeros for whatever happened at all in what was asked. Asked in blocks that never move, and
    each from its beginning, which ones there are does not depend on when the syncs ran.
    """
    number = _number(day, period)
    return _period(number - number % _periods(period, most_days), period)


def following_block(day: date, period: str, most_days: int) -> date:
    """Return the first day of the block after the one that a day lies in."""
    return _period(_number(block_start(day, period, most_days), period) + _periods(period, most_days), period)


def _periods(period: str, most_days: int) -> int:
    return max(1, most_days // _LONGEST[period])


def _number(day: date, period: str) -> int:
    """The number of a period, counted from the year 1, which began on a Monday."""
    if period == MONTH:
        return _DECEMBER * day.year + day.month - 1
    return (day.toordinal() - 1) // _LONGEST[period]


def _period(number: int, period: str) -> date:
    """The first day of a period by its number."""
    if period == MONTH:
        return date(number // _DECEMBER, number % _DECEMBER + 1, 1)
    return date.fromordinal(number * _LONGEST[period] + 1)


def windows(days: Days, period: str, most_days: int | None = None, earliest: date | None = None) -> Iterator[Span]:
    """Cut days into windows of whole calendar periods, oldest first.

    The first window begins where its period does, so that what it says of a period is whole; the last one is asked
    up to the last day. No window lies whole before ``earliest``. A window of many periods ends where `block_start`
    begins another.

    Args:
        days: The days to read.
        period: `day`, `week` or `month`.
        most_days: As many periods as always fit into so many days make up a window; without it each is one of its own.
        earliest: The first day that Klaviyo has data of.
    """
    begin = max(days.first, earliest) if earliest else days.first
    start = first_day(begin, period)
    if begin > days.last:
        return
    while start <= days.last:
        after = following_period(start, period) if most_days is None else following_block(start, period, most_days)
        since = max(start, earliest) if earliest else start
        yield Span(start, after - ONE_DAY, since, min(after - ONE_DAY, days.last))
        start = after


def first_hour(day: date, zone: tzinfo) -> str:
    """Return the beginning of a day, with the offset that holds then."""
    return datetime.combine(day, time(0), zone).isoformat()


def last_hour(day: date, zone: tzinfo) -> str:
    """Return the last second of a day; Klaviyo rounds the end of a time frame up to the end of its hour."""
    return datetime.combine(day, time(23, 59, 59), zone).isoformat()


def labelled(day: date) -> datetime:
    """Return a local day as the instant that stands for it in the state: midnight, called UTC."""
    return datetime.combine(day, time(0), UTC)


def local_times(instants: Sequence[datetime], *, offset_given: bool, zone: tzinfo, hourly: bool) -> list[datetime]:
    """Return the local times that the date-times of a response stand for.

    Reports write local times with ``+00:00``, metric aggregates write true instants. Which it is, is told by what has
    to be the beginning of a local day: every date-time, or in a series of hours the first.

    Args:
        instants: The date-times as they were parsed, in their order.
        offset_given: Whether their offset was another one than zero, and so is meant.
        zone: The time zone that the report is in.
        hourly: Whether they are hours, and not days, weeks or months.
    """
    converted = [instant.astimezone(zone) for instant in instants]
    if offset_given or _are_instants(instants, converted, hourly=hourly):
        return converted
    local: list[datetime] = []
    for instant in instants:
        # In autumn an hour comes twice.
        again = bool(local) and _wall(local[-1]) == _wall(instant)
        local.append(instant.replace(tzinfo=zone, fold=int(again)))
    return local


def _are_instants(instants: Sequence[datetime], converted: Sequence[datetime], *, hourly: bool) -> bool:
    count = 1 if hourly else len(instants)
    if any(instant.time() != time(0) for instant in instants[:count]):
        return all(map(_begins_day, converted[:count]))
    # Where the clock is UTC's at first, true hours stay an hour apart when it changes, and local ones do not.
    return hourly and not any(local.utcoffset() for local in converted[:1]) and _hours_apart(instants)


def _hours_apart(instants: Sequence[datetime]) -> bool:
    return all(later - earlier == _ONE_HOUR for earlier, later in pairwise(instants))


def _begins_day(local: datetime) -> bool:
    """Whether a local time is the first of its day, which is 01:00 where the clock is put forward at midnight."""
    return datetime.combine(local.date(), time(0), local.tzinfo).astimezone(UTC) == local.astimezone(UTC)


def _wall(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
