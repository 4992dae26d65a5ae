"""Single values, made to be what a type says: a function that a value does not fit raises a ValueError."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from datetime import date, time
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from tap_klaviyo.contract.timestamps import rfc3339
from tap_klaviyo.streams.custom.types import Scalar

if TYPE_CHECKING:
    from tap_klaviyo.streams.custom.types import Read

_INTEGER = re.compile(r"\s*[+-]?\d{1,40}\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,4})?\s*", re.ASCII)
_EXACT = Context(prec=200)
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


class UnfitError(ValueError):
    """A value that does not fit and cannot be converted."""


def text(value: Any) -> str:
    """Text as it is; anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        raise UnfitError from None


def boolean(value: Any) -> bool:
    """True or false, as themselves, as a string, or as 1 and 0."""
    if isinstance(value, bool):
        return value
    try:
        return _TRUTH[str(value).strip().lower()]
    except KeyError:
        raise UnfitError from None


def integer(value: Any) -> int:
    """A whole number, as itself, as a string, or with zeros after the point."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise UnfitError
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value):
            raise UnfitError
        return int(value)
    whole = int(value)
    if whole != value:
        raise UnfitError
    return whole


def integer_of(bits: int) -> Read:
    """Return what reads a signed whole number of so many bits."""
    limit = 1 << (bits - 1)

    def read(value: Any) -> int:
        number = integer(value)
        if not -limit <= number < limit:
            raise UnfitError
        return number

    return read


def number(value: Any) -> int | float | Decimal:
    """A finite number with all its digits, as itself or as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise UnfitError
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise UnfitError
        value = Decimal(value.strip())
    found: int | float | Decimal = value
    try:
        fits = math.isfinite(float(found))
    except OverflowError:  # a whole number that no float holds
        fits = False
    if not fits:
        raise UnfitError
    return found


def floating(value: Any) -> float:
    """A finite number in double precision."""
    return float(number(value))


def decimal_of(precision: int, scale: int) -> Read:
    """Return what reads a number with so many digits in all, and so many of them after the point."""

    def read(value: Any) -> Decimal:
        found = number(value)
        exact = Decimal(repr(found)) if isinstance(found, float) else Decimal(found)
        scaled = exact.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
        if scaled != exact or len(scaled.as_tuple().digits) > precision:
            raise UnfitError
        return scaled

    return read


def day(value: Any) -> str:
    """A date, as RFC 3339 writes it."""
    if not isinstance(value, str):
        raise UnfitError
    return date.fromisoformat(value.strip()).isoformat()


def time_of_day(value: Any) -> str:
    """A time of day without a zone."""
    if not isinstance(value, str):
        raise UnfitError
    found = time.fromisoformat(value.strip())
    if found.tzinfo is not None:
        raise UnfitError
    return found.isoformat()


def timestamp(value: Any) -> str:
    """A date-time, as RFC 3339 writes it; without a zone it is UTC."""
    if not isinstance(value, str):
        raise UnfitError
    return rfc3339(value.strip())


def base64_text(value: Any) -> str:
    """Bytes in base64."""
    if not isinstance(value, str):
        raise UnfitError
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise UnfitError from None
    return value


def nothing(_value: Any) -> None:
    """No value at all fits."""
    raise UnfitError


STRING = Scalar("string", {"type": "string"}, text)
TIMESTAMP = Scalar("timestamp", {"type": "string", "format": "date-time"}, timestamp)
