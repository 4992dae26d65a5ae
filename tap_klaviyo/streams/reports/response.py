"""What a report responds with: groups with their statistics, for a series one value per date-time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.http.errors import BrokenBodyError
from tap_klaviyo.records.lenient_json import Changes, as_unicode, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Group:
    """One combination of groupings: by name in a report, a list in metric aggregates."""

    groupings: Any
    statistics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """One page: its groups, the date-times of a series, and the link to the next page."""

    groups: Sequence[Group]
    times: Sequence[str]
    following: str | None
    changes: Changes = Changes()  # noqa: RUF009 - a tuple does not change
    """What had to be changed in it before it could be read."""

    @property
    def cursor(self) -> str | None:
        """What the body of the next request has to say; a link and a bare cursor are both understood."""
        if self.following is None:
            return None
        try:
            found = parse_qs(urlsplit(self.following).query)
        except ValueError:  # no URL
            return self.following
        for name in ("page_cursor", "page[cursor]"):
            if name in found:
                return found[name][0]
        return self.following


def parse_result(body: bytes) -> Result:
    """Read a response of a report or of metric aggregates.

    Raises:
        BrokenBodyError: The body is not a report's response; retry.
    """
    document, changes = _decoded(body)
    data = _mapping(document.get("data"))
    attributes = data.get("attributes")
    if not isinstance(attributes, Mapping):
        raise BrokenBodyError
    rows = attributes.get("results", attributes.get("data"))
    times = attributes.get("date_times", attributes.get("dates"))
    return Result(
        groups=list(_groups(rows)),
        times=[_date_time(time) for time in _list(times)],
        following=_next(document) or _next(data),
        changes=changes,
    )


def _decoded(body: bytes) -> tuple[Mapping[str, Any], Changes]:
    changes = Changes()
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text, replaced = as_unicode(body)
        try:
            document, cut = read(text)  # NaN, and what else msgspec refuses
        except ValueError:
            raise BrokenBodyError from None
        changes = Changes(replaced, cut)
    return _mapping(document), changes


def _groups(rows: Any) -> Iterator[Group]:
    for row in _list(rows):
        if isinstance(row, Mapping):
            groupings = row.get("groupings", row.get("dimensions"))
            yield Group(groupings, _mapping(row.get("statistics", row.get("measurements"))))


def _date_time(text: Any) -> str:
    try:
        parse_instant(str(text))
    except ValueError:
        raise BrokenBodyError from None
    return str(text)


def _next(part: Mapping[str, Any]) -> str | None:
    following = _mapping(part.get("links")).get("next")
    return following if isinstance(following, str) and following else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def keys_of(groupings: Any, names: Sequence[str]) -> dict[str, str]:
    """Return a key column for each grouping that was asked for; one that is absent, null or empty is `(none)`.

    Targets make NULL of an empty string, or refuse it in a key.
    """
    if isinstance(groupings, Mapping):
        values: Sequence[Any] = [groupings.get(name) for name in names]
    else:
        values = _list(groupings)
    found = dict.fromkeys(names, NONE)
    for name, value in zip(names, values, strict=False):
        if value not in (None, ""):
            found[name] = value if isinstance(value, str) else json.dumps(value)
    return found


def at(statistics: Mapping[str, Any], index: int) -> dict[str, Any]:
    """Return the statistics of one date-time; one that has fewer values than there are date-times is null."""
    return {
        name: values[index] if isinstance(values, list) and index < len(values) else None
        for name, values in statistics.items()
    }
