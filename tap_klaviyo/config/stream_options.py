"""The setting `stream_options`, checked against the contract before the first request."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.entries import Entry, read_object
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.contract.filter_parser import FilterError, conditions
from tap_klaviyo.contract.filters import all_of
from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.http.redact import brief
from tap_klaviyo.records.stream_options import StreamOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from tap_klaviyo.records.stream_options import Offer

EVERY = "*"
"""The name under which options stand that are those of every stream."""
MASKS = ("hash", "redact")
"""The options that every stream has, of whatever kind it is."""
FULL_TABLE = "full_table_every_days"
COMMON = (*MASKS, FULL_TABLE)
"""The options that may stand under the name of every stream."""
METRICS = ("metrics", "exclude_metrics")
_METRIC = "metric_id"
_KNOWN = (
    *("additional_fields", "fields", "filter", "include", "page_size", "property_columns", "start_date"),
    *(*METRICS, *COMMON),
)


def check_streams(raw: Any, known: Collection[str]) -> None:
    """Check that the options are of streams that there are.

    Raises:
        SettingsError: They are not.
    """
    for name in raw or ():
        if name != EVERY and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else "--discover lists the streams"
            msg = f"stream_options: unknown stream '{brief(name, 40)}'; {hint}"
            raise SettingsError(msg)


def refuse_more(stream: str, raw: Any, why: str, but: Collection[str] = MASKS) -> None:
    """Refuse the options of a stream that has none of its own, but for some that streams share.

    Raises:
        SettingsError: There are others.
    """
    if raw is not None and not (isinstance(raw, dict) and raw and {*raw} <= {*but}):
        msg = f"stream_options '{stream}': {why}; only {', '.join(but)} apply here"
        raise SettingsError(msg)


def parse_options(stream: str, raw: Any, offer: Offer, *, bounded: bool) -> StreamOptions:
    """Check the options of one stream; ``bounded`` if dates bound what it reads.

    Raises:
        SettingsError: An option, a name, an operator or a value that the stream's endpoint does not allow.
    """
    entry = read_object(f"stream_options '{stream}'", stream, raw, _KNOWN)
    additional = entry.choices("additional_fields", offer.additional_fields)
    asked = additional if entry.given("additional_fields") else None
    include = entry.choices("include", offer.include)
    if len(offer.free_form) != 1:
        entry.refuse("property_columns", "cannot be set for this stream, which has no free-form properties")
    metrics, exclude_metrics = _metrics(entry, offer)
    return StreamOptions(
        fields=_fields(entry, _allowed_fields(offer, include, asked)),
        include=include,
        additional_fields=asked,
        filter=_filter(entry, offer),
        metrics=metrics,
        exclude_metrics=exclude_metrics,
        page_size=_page_size(entry, offer),
        start_date=_start_date(entry, bounded=bounded),
        free_form="".join(offer.free_form[:1]),
        property_columns=entry.mapping("property_columns"),
    )


def _allowed_fields(
    offer: Offer, include: tuple[str, ...], additional: tuple[str, ...] | None
) -> dict[str, frozenset[str]]:
    kinds = offer.types | {offer.include[name] for name in include}
    left_out = offer.additional_fields - {*(offer.always if additional is None else additional)}
    own = {name for name in offer.fields.get(offer.record_type, ()) if name.partition(".")[0] in left_out}
    return {
        kind: names - own if kind == offer.record_type else names
        for kind, names in offer.fields.items()
        if kind in kinds
    }


def _fields(entry: Entry, allowed: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    if entry.given("fields") and not isinstance(entry.fields["fields"], dict):
        entry.fail("fields must be an object of lists by type, such as {profile: [email]}")
    found = {}
    for kind, names in entry.mapping("fields").items():
        if kind not in allowed:
            entry.fail(
                f"fields: unknown type '{brief(kind, 40)}'; allowed: {', '.join(sorted(allowed)) or 'nothing'} "
                "(a related type only together with its include)"
            )
        named = entry.checked_strings(f"fields.{kind}", names) or ()
        found[kind] = tuple(entry.one_of(f"fields.{kind}", name, allowed[kind]) for name in named)
    return found


def _filter(entry: Entry, offer: Offer) -> str | None:
    value = entry.string("filter")
    if value is None:
        return None
    try:
        return all_of(conditions(value, offer.filters))
    except FilterError as error:
        entry.fail(f"filter: {error}")


def _metrics(entry: Entry, offer: Offer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the metrics that are wanted and those that are not."""
    fact = offer.filters.get(_METRIC)
    if fact is None or "equals" not in fact.list_operators:
        for field in METRICS:
            entry.refuse(field, "cannot be set for this stream: Klaviyo does not filter it by metric")
    wanted, excluded = (_names(entry, field) for field in METRICS)
    unwanted = {name.casefold() for name in excluded}
    for name in wanted:
        if name.casefold() in unwanted:
            entry.fail(f"metrics and exclude_metrics both name '{brief(name, 40)}'")
    if (wanted or excluded) and f"({_METRIC}," in (_filter(entry, offer) or ""):
        entry.fail(f"filter: {_METRIC} cannot be combined with metrics or exclude_metrics")
    return wanted, excluded


def _names(entry: Entry, field: str) -> tuple[str, ...]:
    found = entry.strings(field)
    if found is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in found))
    if not names or not all(names):
        entry.fail(f"{field} must be ids or names of metrics, one at least")
    return names


def _start_date(entry: Entry, *, bounded: bool) -> datetime | None:
    if not bounded:
        entry.refuse("start_date", "cannot be set for this stream, which is read whole first")
    value = entry.string("start_date")
    try:
        return parse_instant(value) if value is not None else None
    except ValueError:
        entry.fail("start_date must be a date or a date-time, such as 2024-01-31")


def _page_size(entry: Entry, offer: Offer) -> int | None:
    if offer.page_size is None:
        entry.refuse("page_size", "cannot be set for this stream")
        return None
    return entry.whole("page_size", 1, offer.page_size)
