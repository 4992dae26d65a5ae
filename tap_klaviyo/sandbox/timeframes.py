"""Time frames of reports in the account's own time, and the intervals that a series cuts them into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.body import refused
from tap_klaviyo.sandbox.instants import microseconds

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_LAST_DAYS = {"last_7_days": 7, "last_30_days": 30, "last_90_days": 90, "last_365_days": 365}
_LAST_MONTHS = {"last_month": 1, "last_3_months": 3, "last_12_months": 12}
# the names of metric aggregates for the same intervals
_NAMES = {"hour": "hourly", "day": "daily", "week": "weekly", "month": "monthly"}


@dataclass(frozen=True)
class Span:
    """A range of local times: ``start`` inclusive, ``end`` exclusive, both aware."""

    start: datetime
    end: datetime

    @property
    def instants(self) -> tuple[int, int]:
        """Both ends as instants."""
        return microseconds(self.start), microseconds(self.end)

    @property
    def days(self) -> int:
        """How many calendar days it touches."""
        return ((self.end - timedelta(seconds=1)).date() - self.start.date()).days + 1


def span_of(timeframe: dict[str, Any], zone: ZoneInfo, now: datetime) -> Span:
    """Return what a time frame means: the offset of a custom one is ignored, and its end is that of its hour."""
    if "key" in timeframe:
        first, after = _named(timeframe["key"], now.astimezone(zone).date())
        return Span(_midnight(first, zone), _midnight(after, zone))
    start, end = (datetime.fromisoformat(timeframe[name]).replace(tzinfo=None) for name in ("start", "end"))
    if end < start:
        raise refused("The end of the timeframe is before its start.", "timeframe")
    last = end.replace(minute=0, second=0, microsecond=0)
    return Span(
        start.replace(minute=0, second=0, microsecond=0, tzinfo=zone),
        # the hour after the last one: an hour of the clock's change is an hour too
        (last.replace(tzinfo=zone, fold=1).astimezone(UTC) + _HOUR).astimezone(zone),
    )


def _named(key: str, today: date) -> tuple[date, date]:
    if key in _LAST_DAYS:
        return today - timedelta(days=_LAST_DAYS[key]), today
    if key in _LAST_MONTHS:
        month = today.replace(day=1)
        return _months_before(month, _LAST_MONTHS[key]), month
    week, year = today - timedelta(days=today.weekday()), today.replace(month=1, day=1)
    return {
        "today": (today, today + _DAY),
        "yesterday": (today - _DAY, today),
        "this_week": (week, today + _DAY),
        "last_week": (week - timedelta(days=7), week),
        "this_month": (today.replace(day=1), today + _DAY),
        "this_year": (year, today + _DAY),
        "last_year": (year.replace(year=year.year - 1), year),
    }[key]


def _months_before(month: date, count: int) -> date:
    months = month.year * 12 + month.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


def interval_of(moment: datetime, interval: str) -> datetime:
    """Return the beginning of the interval that a local time lies in."""
    name = _NAMES.get(interval, interval)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    if name == "hourly":
        return hour
    day = hour.replace(hour=0, fold=0)
    if name == "weekly":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if name == "monthly" else day


def intervals(span: Span, interval: str) -> list[datetime]:
    """Return the beginnings of all intervals that a range touches, in order."""
    found: list[datetime] = []
    step = _HOUR if _NAMES.get(interval, interval) == "hourly" else _DAY
    at, zone = interval_of(span.start, interval), span.start.tzinfo
    while at < span.end:
        begin = interval_of(at, interval)
        if not found or found[-1].astimezone(UTC) != begin.astimezone(UTC):
            found.append(begin)
        # hours are steps in real time, days are steps of the calendar
        at = (at.astimezone(UTC) + step).astimezone(zone) if step is _HOUR else at + step
    return found
