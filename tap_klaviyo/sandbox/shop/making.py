"""What every part of the shop is made with: the fixed date, ids, and choices that depend on the seed alone."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.instants import SECOND, microseconds, text_of

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.store import Resource, Shelf

# rows are laid out in the two years before this date, not before today: two runs must agree on every row
ANCHOR = datetime(2025, 7, 1, tzinfo=UTC)
SPAN = timedelta(days=730)
DAY = 86_400 * SECOND

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass
class Stock:
    """What the shop starts with: ``resources``, ``shelves`` of types that are worked out when read.

    ``members`` maps (group type, group id) to profile id and joined_group_at.
    """

    resources: list[Resource] = field(default_factory=list)
    shelves: dict[str, Shelf] = field(default_factory=dict)
    members: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)


class Maker:
    """Makes ids and dates for one seed; two of the same seed make the same."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def choices(self, name: str) -> random.Random:
        """Return a source of choices of its own for ``name``, so that parts do not disturb each other."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311 (made-up rows, no secrets)

    def number(self, kind: str, index: int) -> int:
        """Return 128 bits that stand for the ``index``-th of ``kind``."""
        digest = hashlib.blake2b(f"{self.seed}:{kind}:{index}".encode(), digest_size=16).digest()
        return int.from_bytes(digest)

    def short(self, kind: str, index: int) -> str:
        """Return an id like ``RESQ6t``."""
        return spelled(self.number(kind, index), _LETTERS, 6)

    def ulid(self, kind: str, index: int) -> str:
        """Return an id like ``01GDDKASAP8TKDDA2GRZDSVP4H``."""
        return "01" + spelled(self.number(kind, index), _CROCKFORD, 24)

    def uuid(self, kind: str, index: int) -> str:
        """Return an id like ``adc8d000-b769-11eb-8001-28a6687f81c3``."""
        digits = f"{self.number(kind, index):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def spelled(number: int, letters: str, length: int) -> str:
    """Return the last ``length`` digits of ``number``, written with ``letters``."""
    found = []
    for _ in range(length):
        number, digit = divmod(number, len(letters))
        found.append(letters[digit])
    return "".join(reversed(found))


def before_anchor(days: float) -> str:
    """Return the date-time so many days before the anchor, in whole seconds."""
    return text_of(microseconds(ANCHOR) - int(days * 86_400) * SECOND)


def spaced(text: str) -> str:
    """Return a date-time with a space where the ``T`` was, as parts of Klaviyo write it."""
    return text.replace("T", " ", 1)
