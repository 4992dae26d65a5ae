"""Requests of a custom stream: what the user wrote, with its placeholders filled."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urljoin

from tap_klaviyo.contract import filters
from tap_klaviyo.contract.timestamps import EPOCH, ONE_SECOND, filter_literal
from tap_klaviyo.http import Origin, Request
from tap_klaviyo.pagination.link import Link, LoopingLinkError
from tap_klaviyo.streams.custom.location import PLACEHOLDER
from tap_klaviyo.streams.custom.split import Part

if TYPE_CHECKING:
    from datetime import datetime

    from tap_klaviyo.contract import Limits
    from tap_klaviyo.http.errors import KlaviyoError
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.streams.custom.entry import CustomEntry

WHOLE = Part()
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Parameters that say what a record holds, or how many come at once, and not which.
_NOT_WHICH = re.compile(r"(?:additional-)?fields\[|page\[size\]$")


@dataclass(frozen=True, slots=True)
class Asker:
    """Builds and sends the requests of one stream; ``lower`` and ``until`` bound what a sync reads."""

    entry: CustomEntry
    origin: Origin
    fetch: Callable[[Request], Document]
    lower: datetime | None
    until: datetime

    def link(self, ids: Mapping[str, str], part: Part = WHOLE) -> Link:
        """Return the first page of a chain; ``ids`` fill the placeholders of a parent."""
        request = self.request(ids, part)
        if self.entry.paging == "body_cursor":
            return CursorLink(request, cursor_field=self.entry.cursor_field)
        return Link(request)

    def request(self, ids: Mapping[str, str], part: Part = WHOLE) -> Request:
        """Build the first request of a chain."""
        entry = self.entry
        # `greater-than` leaves out the bound itself; the rows of the second before are dropped after reading.
        start = EPOCH if self.lower is None else self.lower - ONE_SECOND
        values = {**ids, "start": filter_literal(start), "end": filter_literal(self.until)}
        params = {name: _filled(value, values, _quoted) for name, value in entry.params.items()}
        if entry.start_param is not None and self.lower is not None:
            params[entry.start_param] = values["start"]
        params |= part.params
        template = None if entry.filter is None else _filled(entry.filter, values, _quoted)
        text = filters.all_of([params.pop("filter", None), template, *part.conditions])
        if text is not None:
            params["filter"] = text
        path = PLACEHOLDER.sub(lambda match: quote(values[match[1]], safe=""), entry.path)
        return Request(
            endpoint=entry.endpoint,
            url=self.origin.url(path, params),
            limits=self._limits(params),
            body=self._body(values),
            headers=entry.headers,
            text=entry.text,
        )

    def _limits(self, params: Mapping[str, str]) -> Limits:
        for conditional in self.entry.endpoint.conditional_limits:
            if conditional.value in params.get(conditional.parameter, "").split(","):
                return conditional.limits
        return self.entry.endpoint.limits

    def _body(self, values: Mapping[str, str]) -> bytes | None:
        body = self.entry.body
        if body is None:
            return None
        if isinstance(body, str):
            return _filled(body, values, _in_json).encode()
        return json.dumps(_filled_within(body, values)).encode()

    def read(self, request: Request) -> Document:
        """Send a request; a next link may leave out what it shares with the request."""
        document = self.fetch(request)
        if self.entry.paging == "next_link" and document.next_link is not None:
            document.next_link = absolute(document.next_link, request.url)
        return document

    def read_past(self, request: Request, error: KlaviyoError) -> None:
        """Return nothing: which of the user's parameters could be left out is not known."""


def question_of(entry: CustomEntry) -> dict[str, Any]:
    """Return what decides which records an entry asks for; fields and page sizes do not."""
    split = entry.split
    return {
        "path": entry.path,
        "params": {name: value for name, value in entry.params.items() if not _NOT_WHICH.match(name)},
        "body": entry.body,
        "filter": entry.filter,
        "records_path": entry.records_path,
        "parent": entry.parent,
        "split": split and [split.param, split.filter, split.values, split.start, split.stop],
    }


def splits_key(entry: CustomEntry) -> bool:
    """Tell whether an entry's split is by its replication key."""
    split = entry.split
    return split is not None and split.filter is not None and split.filter == entry.replication_key


def parts(entry: CustomEntry, now: datetime, lower: datetime | None) -> list[Part]:
    """Return the parts that an entry is read in, without those that end before the lower bound."""
    if entry.split is None:
        return [WHOLE]
    return [
        part for part in entry.split.parts(now) if not (splits_key(entry) and lower and part.end and part.end <= lower)
    ]


def _filled(text: str, values: Mapping[str, str], written: Callable[[str, str], str]) -> str:
    return PLACEHOLDER.sub(lambda match: written(values[match[1]], text[: match.start()][-1:]), text)


def _quoted(value: str, before: str) -> str:
    """A value inside a filter's quotes; elsewhere as it is."""
    return value.replace("\\", "\\\\").replace(before, f"\\{before}") if before in {"'", '"'} else value


def _in_json(value: str, before: str) -> str:
    return json.dumps(value)[1:-1] if before else value


def _filled_within(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _filled(value, values, lambda text, _before: text)
    if isinstance(value, Mapping):
        return {name: _filled_within(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled_within(inner, values) for inner in value]
    return value


@dataclass(slots=True)
class CursorLink(Link):
    """A page of a query whose body carries the cursor."""

    cursor_field: tuple[str, ...] = ()
    cursor: str = ""

    @property
    def here(self) -> str:
        """The cursor: all pages have one URL."""
        return self.cursor

    def onward(self, following: str) -> Self:
        """Return the link to the page of another cursor, which is JSON."""
        body = _with(json.loads(self.request.body or b"{}"), self.cursor_field, json.loads(following))
        return replace(self, request=replace(self.request, body=json.dumps(body).encode()), cursor=following)

    @property
    def place(self) -> str:
        """The cursor."""
        return self.cursor if self.first is not None else ""

    def resumed(self, place: str) -> Self:
        """Return the page of an earlier run's cursor."""
        return replace(self.onward(place), first=self.request)

    def anew(self) -> Self:
        """Return the query without a cursor."""
        return replace(super(CursorLink, self).anew(), cursor="")

    def circle(self) -> LoopingLinkError:
        """Return what says that a cursor was used already."""
        msg = f"{self.request.label}: the cursor points to a page that was already read; run again later"
        return LoopingLinkError(msg, label=self.request.label)


def absolute(link: str, base: str) -> str:
    """Return a link that may be relative to a URL; an absolute one is returned as it stands."""
    if _SCHEME.match(link):
        return link
    # `urljoin` knows no scheme but the Web's; whether the link leads elsewhere is checked when it is sent.
    scheme, _, rest = base.partition("://")
    return scheme + urljoin(f"https://{rest}", link).removeprefix("https")


def _with(body: Any, field: tuple[str, ...], cursor: Any) -> Any:
    """The body with the cursor at a place that need not be there yet."""
    if not field:
        return cursor
    holder = dict(body) if isinstance(body, Mapping) else {}
    return {**holder, field[0]: _with(holder.get(field[0]), field[1:], cursor)}
