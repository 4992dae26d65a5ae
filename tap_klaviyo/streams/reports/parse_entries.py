"""The settings `reports` and `metric_aggregates`, checked against the contract before the first request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from tap_klaviyo import contract
from tap_klaviyo.config.entries import Fields
from tap_klaviyo.contract.filter_parser import FilterError, conditions
from tap_klaviyo.contract.filters import all_of
from tap_klaviyo.streams.reports.days import DAY, MONTH, WEEK
from tap_klaviyo.streams.reports.entries import LOOKBACK, PERIODS, AggregateEntry, ReportEntry
from tap_klaviyo.sync.metric import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from tap_klaviyo.contract import Report

AGGREGATES = "metric_aggregates"
_REPORT_FIELDS = (
    *("name", "report", "statistics", "group_by", "filter", "timeframe", "window"),
    *("interval", "conversion_metric", "lookback"),
)
_AGGREGATE_FIELDS = ("name", "metric", "measurements", "by", "interval", "filter", "timezone", "lookback")
_WINDOWS = (DAY, WEEK, MONTH)
_YEAR = 366
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


def report_entries(raw: Iterable[Mapping[str, Any]], taken: Iterable[str]) -> list[ReportEntry]:
    """Check the setting `reports`.

    Args:
        raw: The entries as they are in the settings.
        taken: Names of streams that are there already.

    Raises:
        SettingsError: An entry cannot be followed.
    """
    return [_report(fields) for fields in _named("reports", _REPORT_FIELDS, raw, taken)]


def aggregate_entries(raw: Iterable[Mapping[str, Any]], taken: Iterable[str]) -> list[AggregateEntry]:
    """Check the setting `metric_aggregates`.

    Args:
        raw: The entries as they are in the settings.
        taken: Names of streams that are there already.

    Raises:
        SettingsError: An entry cannot be followed.
    """
    facts = contract.newest().report(AGGREGATES)
    return [_aggregate(fields, facts) for fields in _named(AGGREGATES, _AGGREGATE_FIELDS, raw, taken)]


def _named(
    setting: str, known: Collection[str], raw: Iterable[Mapping[str, Any]], taken: Iterable[str]
) -> Iterator[Fields]:
    """Yield the entries of a setting, each with a name that no other stream has."""
    names = {*taken}
    for index, entry in enumerate(raw):
        fields = Fields(setting, index, entry, known)
        _take(fields, names)
        yield fields


def _take(fields: Fields, names: set[str]) -> None:
    if fields.name in names:
        fields.fail("another stream has that name already")
    names.add(fields.name)


def _report(fields: Fields) -> ReportEntry:
    kinds = [kind for kind in contract.newest().reports() if kind != AGGREGATES]
    if not fields.has("report"):
        fields.fail(f"needs report: one of {', '.join(kinds)}")
    facts = contract.newest().report(fields.choice("report", kinds, ""))
    converts = "conversion_metric_id" in facts.attributes
    if not converts:
        fields.refuse("conversion_metric", f"has no meaning in {facts.kind}, which counts no conversions")
    interval = _interval(fields, facts)
    timeframe = _timeframe(fields, facts, interval)
    return ReportEntry(
        name=fields.name,
        facts=facts,
        where=f"conversion_metric of {fields.where}",
        statistics=fields.names("statistics", facts.statistics, facts.statistics),
        group_by=_group_by(fields, facts),
        filter=_filter(fields, facts),
        timeframe=timeframe,
        window=fields.choice("window", _WINDOWS, MONTH),
        interval=interval,
        conversion_metric=fields.text("conversion_metric") or DEFAULT,
        lookback=fields.whole("lookback", LOOKBACK),
    )


def _interval(fields: Fields, facts: Report) -> str | None:
    if not facts.intervals:
        fields.refuse("interval", f"is for series; {facts.kind} takes a window: {', '.join(_WINDOWS)}")
        return None
    fields.refuse("window", f"is for values; {facts.kind} takes an interval: {', '.join(sorted(facts.intervals))}")
    return fields.choice("interval", facts.intervals, "daily")


def _timeframe(fields: Fields, facts: Report, interval: str | None) -> str | None:
    if not fields.has("timeframe"):
        return None
    timeframe = fields.choice("timeframe", facts.timeframes, "")
    for other in ("window", "lookback"):
        fields.refuse(other, "has no meaning beside timeframe, which Klaviyo counts from today each time")
    longest = facts.interval_days.get(interval or "")
    days = _TIMEFRAME_DAYS.get(timeframe, _YEAR)
    if longest is not None and days > longest:
        fields.fail(f"timeframe '{timeframe}' is longer than the {longest} days of interval '{interval}'")
    return timeframe


def _group_by(fields: Fields, facts: Report) -> tuple[str, ...]:
    if "group_by" not in facts.attributes:
        fields.refuse("group_by", f"cannot be chosen in {facts.kind}")
        return facts.default_group_by
    found = fields.names("group_by", facts.group_by, facts.default_group_by)
    missing = [name for name in facts.required_group_by if name not in found]
    missing += [
        needed
        for name, needs in facts.group_by_requires.items()
        if name in found
        for needed in needs
        if needed not in found
    ]
    if missing:
        fields.fail(f"group_by needs {', '.join(sorted(set(missing)))} too")
    return found


def _filter(fields: Fields, facts: Report) -> str | None:
    text = fields.text("filter")
    if text is None:
        return None
    try:
        text = all_of(conditions(text, facts.filters)) or text
    except FilterError as error:
        fields.fail(f"filter: {error}")
    bare = _QUOTED.sub("x", text)
    compared = _COMPARED.findall(bare)
    if len(set(compared)) < len(compared):
        fields.fail("filter: a field can stand in one condition only")
    most = facts.filter_list_maximum
    if most is not None and any(items.count(",") >= most for items in _LIST.findall(bare)):
        fields.fail(f"filter: a list can hold {most} values at most")
    return text


def _aggregate(fields: Fields, facts: Report) -> AggregateEntry:
    metric = fields.text("metric")
    if metric is None:
        fields.fail("needs metric: the id or the name of one")
    timezone = fields.text("timezone")
    if timezone is not None and (timezone in facts.refused_timezones or timezone not in available_timezones()):
        fields.fail(f"timezone '{timezone}' is not one that Klaviyo takes; write it as America/New_York is")
    conditions = fields.texts("filter")
    for text in conditions:
        match = _DIMENSION.fullmatch(text.strip())
        if match is None or match[2] not in facts.group_by:
            fields.fail(
                "filter: each condition must be equals(dimension,'text') or not(equals(dimension,'text')), "
                f"with a dimension out of {', '.join(sorted(facts.group_by))}"
            )
    return AggregateEntry(
        name=fields.name,
        facts=facts,
        where=f"metric of {fields.where}",
        metric=metric,
        measurements=fields.names("measurements", facts.statistics, facts.statistics),
        by=fields.names("by", facts.group_by, ()),
        interval=fields.choice("interval", [one for one in facts.intervals if one in PERIODS], DAY),
        filter=tuple(text.strip() for text in conditions),
        timezone=timezone,
        lookback=fields.whole("lookback", LOOKBACK),
    )
