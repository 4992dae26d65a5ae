"""Checks that the values of a page are as their schemas promise; one that is not makes the page odd."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import rfc3339
from tap_klaviyo.records.coerce import conformer
from tap_klaviyo.records.columns import (
    Attribute,
    Constant,
    Id,
    Lifted,
    Linked,
    Property,
    RelatedAttribute,
    RelatedLinked,
)
from tap_klaviyo.records.decoder import SCALARS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from msgspec import Raw

    from tap_klaviyo.records.coerce import Conform
    from tap_klaviyo.records.columns import Chosen

_USUAL = "0000-00-00T00:00:00+00:00"
_ZONE = (20, 21, 23, 24)  # where its digits are zeros
_ZEROS = str.maketrans("123456789", "000000000")


class OddPageError(ValueError):
    """A page that only the flattener reads."""


def is_compilable(choice: Chosen) -> bool:
    """Tell whether a column is of a kind that the fast way knows."""
    if choice.retyped is not None:
        return False
    match choice.column.source:
        case Attribute(detail=detail):
            return choice.within is None and not detail
        case Linked(many=many, rare=rare):
            return rare or not many
        case Id() | Constant() | RelatedAttribute() | RelatedLinked() | Lifted() | Property():
            return True
    return False


def scalar_of(choice: Chosen) -> str:
    """Return the one JSON type of a column, an empty string if there are several or none."""
    types = choice.column.schema.get("type", ())
    named = [name for name in ([types] if isinstance(types, str) else types) if name != "null"]
    return named[0] if len(named) == 1 else ""


def converting(choice: Chosen) -> Conform:
    """Return a conversion that leaves the usual values alone; what does not fit makes the page odd."""
    usual = SCALARS[scalar_of(choice)][1]
    conform = conformer(choice.column.schema, None, refuse)
    return lambda value: value if type(value) in usual else conform(value)


def refuse(_at: str) -> None:
    """Give up on the fast way for a page; the argument is where the value stands."""
    raise OddPageError


def date_times(texts: Sequence[Any], *, checked: bool) -> Iterable[Any]:
    """Return date-times in RFC 3339; ``checked`` ones are parsed elsewhere too.

    Raises:
        ValueError: One of them is no date-time.
    """
    known = [text for text in texts if text is not None]
    if not _are_usual(known):
        return [text if text is None else rfc3339(text) for text in texts]
    if not checked:
        deque(map(datetime.fromisoformat, known), maxlen=0)
    return texts


def _are_usual(texts: Sequence[str]) -> bool:
    """Tell whether texts are as `2022-11-08T01:23:45+00:00`, if each of them is a date-time by itself.

    Where they end is not looked at: no date-time goes on behind the end of another one within this shape.
    """
    count, joined = len(texts), "".join(texts)
    return joined.translate(_ZEROS) == _USUAL * count and all(
        joined[place :: len(_USUAL)] == "0" * count for place in _ZONE
    )


def object_or_null(raw: Raw) -> Raw:
    """Return raw JSON that is an object or null."""
    start = bytes(raw)[:1]
    if start not in {b"{", b"n"}:
        raise OddPageError
    return raw


def instants_of(records: Sequence[Any], names: Sequence[str], key: str | None) -> list[datetime | None]:
    """Return the instants of the field ``key`` of records with fields of these names.

    Raises:
        OddPageError: One of them is no date-time.
    """
    if key not in names:
        return [None] * len(records)
    texts = list(map(attrgetter(f"f{names.index(key)}"), records))
    try:
        if None in texts:
            return [None if text is None else datetime.fromisoformat(text) for text in texts]
        return list(map(datetime.fromisoformat, texts))
    except ValueError:
        raise OddPageError from None
