"""The settings `reports` and `metric_aggregates`, checked against the contract before the first request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from tap_klaviyo import contract
from tap_klaviyo.config.entries import Entry, read_entries
from tap_klaviyo.contract.filter_parser import FilterError, conditions
from tap_klaviyo.contract.filters import all_of
from tap_klaviyo.streams.reports.days import DAY, MONTH, WEEK
from tap_klaviyo.streams.reports.entries import LOOKBACK, PERIODS, AggregateEntry, ReportEntry
from tap_klaviyo.sync.metric import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Collection

    from tap_klaviyo.contract import Report

AGGREGATES = "metric_aggregates"
_REPORT_FIELDS = (
    *("name", "report", "statistics", "group_by", "filter", "timeframe", "window"),
    *("interval", "conversion_metric", "lookback"),
)
_AGGREGATE_FIELDS = ("name", "metric", "measurements", "by", "interval", "filter", "timezone", "lookback")
_WINDOWS = (DAY, WEEK, MONTH)
_YEAR = 366
_LONGEST_LOOKBACK = 36_500  # days, as of the setting `lookback_days`
# The most days that Klaviyo's own time frames can have.
_TIMEFRAME_DAYS = {
    "today": 1,
    "yesterday": 1,
    "this_week": 7,
    "last_week": 7,
    "last_7_days": 7,
    "this_month": 31,
    "last_month": 31,
    "last_30_days": 30,
    "last_90_days": 90,
    "last_3_months": 92,
}
_QUOTED = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_COMPARED = re.compile(r"(?:equals|any|contains-any|contains-all)\(\s*([A-Za-z_]+)")
_LIST = re.compile(r"\[([^\]]*)\]")
# Klaviyo's document says that dimensions can be filtered and not how; these two forms are the ones in use.
_DIMENSION = re.compile(r"""(not\(\s*)?equals\(\s*([^(),]+?)\s*,\s*(?:"[^"\\]*"|'[^'\\]*')\s*\)(?(1)\s*\))""")


def report_entries(raw: Any, taken: Collection[str]) -> list[ReportEntry]:
    """Check the setting `reports`.

    Args:
        raw: The entries as they are in the settings.
        taken: Names of streams that are there already.

    Raises:
        SettingsError: An entry cannot be followed.
    """
    return [_report(entry) for entry in read_entries("reports", raw, _REPORT_FIELDS, taken)]


def aggregate_entries(raw: Any, taken: Collection[str]) -> list[AggregateEntry]:
    """Check the setting `metric_aggregates`.

    Args:
        raw: The entries as they are in the settings.
        taken: Names of streams that are there already.

    Raises:
        SettingsError: An entry cannot be followed.
    """
    facts = contract.newest().report(AGGREGATES)
    return [_aggregate(entry, facts) for entry in read_entries(AGGREGATES, raw, _AGGREGATE_FIELDS, taken)]


def _report(entry: Entry) -> ReportEntry:
    kinds = [kind for kind in contract.newest().reports() if kind != AGGREGATES]
    kind = entry.required("report", f"one of {', '.join(kinds)}")
    facts = contract.newest().report(entry.one_of("report", kind, kinds))
    converts = "conversion_metric_id" in facts.attributes
    if not converts:
        entry.refuse("conversion_metric", f"cannot be set: {facts.kind} counts no conversions")
    interval = _interval(entry, facts)
    timeframe = _timeframe(entry, facts, interval)
    return ReportEntry(
        name=entry.name,
        facts=facts,
        where=f"conversion_metric of {entry.where}",
        statistics=entry.choices("statistics", facts.statistics, facts.statistics),
        group_by=_group_by(entry, facts),
        filter=_filter(entry, facts),
        timeframe=timeframe,
        window=entry.choice("window", _WINDOWS, MONTH),
        interval=interval,
        conversion_metric=entry.string("conversion_metric") or DEFAULT,
        lookback=_lookback(entry),
    )


def _interval(entry: Entry, facts: Report) -> str | None:
    if not facts.intervals:
        entry.refuse("interval", f"is only for series; {facts.kind} has a window: {', '.join(_WINDOWS)}")
        return None
    entry.refuse("window", f"is only for values; {facts.kind} has an interval: {', '.join(sorted(facts.intervals))}")
    return entry.choice("interval", facts.intervals, "daily")


def _timeframe(entry: Entry, facts: Report, interval: str | None) -> str | None:
    if not entry.given("timeframe"):
        return None
    timeframe = entry.choice("timeframe", facts.timeframes, "")
    for other in ("window", "lookback"):
        entry.refuse(other, "cannot be combined with timeframe, which Klaviyo counts from today each time")
    longest = facts.interval_days.get(interval or "")
    days = _TIMEFRAME_DAYS.get(timeframe, _YEAR)
    if longest is not None and days > longest:
        entry.fail(f"timeframe '{timeframe}' is longer than the {longest} days of interval '{interval}'")
    return timeframe


def _group_by(entry: Entry, facts: Report) -> tuple[str, ...]:
    if "group_by" not in facts.attributes:
        entry.refuse("group_by", f"cannot be set for {facts.kind}")
        return facts.default_group_by
    found = entry.choices("group_by", facts.group_by, facts.default_group_by)
    missing = [name for name in facts.required_group_by if name not in found]
    missing += [
        needed
        for name, needs in facts.group_by_requires.items()
        if name in found
        for needed in needs
        if needed not in found
    ]
    if missing:
        entry.fail(f"group_by also needs {', '.join(sorted(set(missing)))}")
    return found


def _filter(entry: Entry, facts: Report) -> str | None:
    text = entry.string("filter")
    if text is None:
        return None
    try:
        text = all_of(conditions(text, facts.filters)) or text
    except FilterError as error:
        entry.fail(f"filter: {error}")
    bare = _QUOTED.sub("x", text)
    compared = _COMPARED.findall(bare)
    if len(set(compared)) < len(compared):
        entry.fail("filter: a field can be used in one condition only")
    most = facts.filter_list_maximum
    if most is not None and any(items.count(",") >= most for items in _LIST.findall(bare)):
        entry.fail(f"filter: a list can have {most} values at most")
    return text


def _aggregate(entry: Entry, facts: Report) -> AggregateEntry:
    metric = entry.required("metric", "the id or the name of a metric")
    timezone = entry.string("timezone")
    if timezone is not None and (timezone in facts.refused_timezones or timezone not in available_timezones()):
        entry.fail("unknown timezone; use a name like America/New_York")
    filters = entry.strings("filter") or ()
    for text in filters:
        match = _DIMENSION.fullmatch(text.strip())
        if match is None or match[2] not in facts.group_by:
            entry.fail(
                "filter: each condition must be equals(dimension,'value') or not(equals(dimension,'value')), "
                f"with one of the dimensions {', '.join(sorted(facts.group_by))}"
            )
    return AggregateEntry(
        name=entry.name,
        facts=facts,
        where=f"metric of {entry.where}",
        metric=metric,
        measurements=entry.choices("measurements", facts.statistics, facts.statistics),
        by=entry.choices("by", facts.group_by, ()),
        interval=entry.choice("interval", [one for one in facts.intervals if one in PERIODS], DAY),
        filter=tuple(text.strip() for text in filters),
        timezone=timezone,
        lookback=_lookback(entry),
    )


def _lookback(entry: Entry) -> int:
    """Days that are read again."""
    found = entry.whole("lookback", 0, _LONGEST_LOOKBACK)
    return LOOKBACK if found is None else found
