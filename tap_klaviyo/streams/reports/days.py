"""Which days a report is asked for: whole days of the account, cut into calendar windows that never overlap.

Klaviyo reads a time frame in the account's time zone, whatever its offset says, and takes both ends in. So everything
here is a local date; only `first_hour` and `last_hour` write one as the time that a request says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ONE_DAY = timedelta(days=1)
DAY, WEEK, MONTH = "day", "week", "month"
_DECEMBER = 12


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


def windows(days: Days, period: str, most_days: int | None = None, earliest: date | None = None) -> Iterator[Span]:
    """Cut days into windows of whole calendar periods, oldest first.

    The first window begins where its period does, so that what it says of a period is whole; the last one is asked
    up to the last day. No window lies whole before ``earliest``.

    Args:
        days: The days to read.
        period: `day`, `week` or `month`.
        most_days: As many periods as fit into so many days make up a window; without it each is one of its own.
        earliest: The first day that Klaviyo has data of.
    """
    begin = max(days.first, earliest) if earliest else days.first
    start = first_day(begin, period)
    if begin > days.last:
        return
    while start <= days.last:
        after = following_period(start, period)
        while most_days is not None and after <= days.last:
            longer = following_period(after, period)
            if (min(longer, days.last + ONE_DAY) - start).days > most_days:
                break
            after = longer
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


def local_times(instants: Sequence[datetime], *, offset_given: bool, zone: tzinfo, since: date) -> list[datetime]:
    """Return the local times that the date-times of a response stand for.

    Klaviyo's examples write local midnights with ``+00:00``. Whether that offset is meant is told by the first one,
    which is the beginning of what was asked for: it is either local as it stands, or local once it is converted.

    Args:
        instants: The date-times as they were parsed, in their order.
        offset_given: Whether their offset was another one than zero, and so is meant.
        zone: The time zone that the report is in.
        since: The first day that was asked for.
    """
    converted = [instant.astimezone(zone) for instant in instants]
    begin = datetime.combine(since, time(0))
    if offset_given or (instants and _wall(converted[0]) == begin != _wall(instants[0])):
        return converted
    local: list[datetime] = []
    for instant in instants:
        # In autumn an hour comes twice.
        again = bool(local) and _wall(local[-1]) == _wall(instant)
        local.append(instant.replace(tzinfo=zone, fold=int(again)))
    return local


def _wall(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
