"""Responses of any JSON, or of any text, to records and the way to the next page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from jsonpath_ng.ext.parser import parse as parse_json_path

from tap_klaviyo.http.errors import BrokenBodyError, KlaviyoError
from tap_klaviyo.records.jsonapi import Document, Resource
from tap_klaviyo.records.lenient_json import LONGEST_NUMBER, Changes, as_unicode, read
from tap_klaviyo.streams.custom.entry_members import TEXT_COLUMN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_klaviyo.streams.custom.entry import CustomEntry

_CURSORS = ("page[cursor]", "page_cursor")
_EACH = "[*]"
_ODD_LINK = "a next link that is no string"
_ERRORS = "errors in place of records"
_SAFE_LENGTH = len("9223372036854775807")


class UnusableAnswerError(KlaviyoError):
    """A response whose records are no objects."""


class AnswerParser:
    """Reads the responses of one custom stream; ``warn`` is told when `records_path` leads nowhere."""

    def __init__(self, entry: CustomEntry, warn: Callable[[str], None]) -> None:
        self._entry = entry
        self._warn = warn
        # What holds the records: a list, which may be empty, or a single one. Without either the path is wrong.
        self._holder = parse_json_path(entry.records_path.removesuffix(_EACH))
        self._next = parse_json_path(entry.cursor_path)
        self._numbers = count()

    def parse(self, body: bytes) -> Document:
        """Return the records of a response as resources, with all members as attributes.

        Raises:
            BrokenBodyError: It is not JSON.
            UnusableAnswerError: Its records are no objects.
        """
        if self._entry.text:
            text = body.decode(errors="replace")
            changes = Changes(replaced=text.encode() != body)
            return Document([self._resource({TEXT_COLUMN: text})], {}, self._following_text(text), changes=changes)
        body, replaced = as_unicode(body)
        if not body.strip():
            return Document([], {}, None)
        try:
            found, cut = read(body, _loads)
        except ValueError:
            raise BrokenBodyError from None
        records = [self._resource(record) for record in self._found(found)]
        if not records and isinstance(found, Mapping) and found.get("errors"):
            raise BrokenBodyError(_ERRORS)
        return Document(records, {}, self._following(found), changes=Changes(replaced, cut))

    def _found(self, document: Any) -> Iterator[dict[str, Any]]:
        holders = self._holder.find(document)
        if not holders and "?" not in self._entry.records_path:
            self._warn(f"{self._entry.name}: records_path {self._entry.records_path} matches nothing in a response")
        for match in holders:
            values = match.value if isinstance(match.value, list) else [match.value]
            for value in values:
                if value is None:
                    continue
                if not isinstance(value, dict):
                    msg = (
                        f"records_path {self._entry.records_path} matches values that are not objects; fix records_path"
                    )
                    raise UnusableAnswerError(msg)
                yield self._flat(value) if self._entry.flatten_attributes else value

    def _flat(self, record: dict[str, Any]) -> dict[str, Any]:
        attributes = record.get("attributes")
        rest = {name: value for name, value in record.items() if name != "attributes"}
        return {**attributes, **rest} if isinstance(attributes, dict) else rest

    def _resource(self, record: dict[str, Any]) -> Resource:
        # By this neighbouring pages are compared: a row that comes again with the same content is one of the page
        # before, one with another content has changed meanwhile. Records without keys are never the same.
        if any(name not in self._entry.columns.values() for name in self._entry.primary_keys):
            return Resource(str(hash(repr(record))), "", record)
        return Resource(str(next(self._numbers)), "", record)

    def _following_text(self, text: str) -> str | None:
        if self._entry.paging == "none":
            return None
        try:
            return self._following(read(text.encode(), _loads)[0])
        except ValueError:
            return None

    def _following(self, document: Any) -> str | None:
        if self._entry.paging == "none" or not isinstance(document, Mapping):
            return None
        if self._entry.paging == "next_link":
            links = document.get("links")
            following = links.get("next") if isinstance(links, Mapping) else None
            if following is not None and not isinstance(following, str):
                raise BrokenBodyError(_ODD_LINK)
            return following or None
        for match in self._next.find(document):
            if match.value not in (None, "", False):
                return in_json(_cursor(match.value))
        return None


def in_json(cursor: Any) -> str:
    """Return a cursor as JSON, so that a number goes back into the body as one."""
    if isinstance(cursor, Decimal):  # a whole number of many digits comes as one
        cursor = int(cursor) if cursor == cursor.to_integral_value() else float(cursor)
    return json.dumps(cursor, default=str)


def _cursor(value: Any) -> Any:
    """The cursor itself, or the one that a link carries."""
    if not isinstance(value, str) or "://" not in value:
        return value
    try:
        params = dict(parse_qsl(urlsplit(value).query))
    except ValueError:  # no URL
        return value
    return next((params[name] for name in _CURSORS if name in params), value)


def _loads(body: bytes) -> Any:
    return json.loads(body.decode(errors="replace"), parse_int=_whole, parse_float=_exact, parse_constant=_no_number)


def _whole(text: str) -> int | Decimal | str:
    """A whole number; one of more than 64 bits in the form that every writer takes, and text where no reader does."""
    if len(text) > LONGEST_NUMBER:
        return text
    return int(text) if len(text) < _SAFE_LENGTH else Decimal(text)


def _exact(text: str) -> Decimal | None:
    """A number with all its digits; one that no target can hold is null, like NaN."""
    number = float(text)
    if not math.isfinite(number):
        return None
    return Decimal(text) if number or "e" not in text.lower() else Decimal(0)


def _no_number(_name: str) -> None:
    return None
