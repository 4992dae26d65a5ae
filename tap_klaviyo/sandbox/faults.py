"""Misbehaviour to order: which fault happens to which request."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

# in place of the answer
REPLACING = ("throttle", "throttle-words", "error", "html", "redirect")
# to the answer's JSON
SPOILING = (
    *("broken-json", "next-repeats", "next-first", "next-foreign", "empty-page", "missing-relationships"),
    *("null-attributes", "unknown-attributes", "numbers-as-text", "missing-definition", "deep", "padded"),
)
# to the bytes on their way; in process a caller sees a reset connection
WIRE = ("cut", "reset", "drop", "broken-gzip", "broken-chunks")
KINDS = frozenset((*REPLACING, *SPOILING, *WIRE, "slow", "loose-bounds"))


@dataclass(frozen=True)
class Fault:
    """One kind of fault and when it happens: to the requests ``on`` these numbers, or to a ``rate`` of them.

    ``path`` is a pattern of path templates (``/api/events``, ``*/profiles``); numbers start at 1 and count the
    requests that it meets. ``times`` bounds how often it happens. ``value``: seconds of ``slow`` and
    ``throttle`` (Retry-After) and ``throttle-words``, status of ``error`` and ``html``, origin of ``redirect`` and
    ``next-foreign``, levels of ``deep``, bytes per row of ``padded``.
    """

    kind: str
    rate: float = 0.0
    on: frozenset[int] = frozenset()
    path: str = "*"
    times: int | None = None
    value: Any = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            message = f"unknown fault {self.kind!r}: one of {', '.join(sorted(KINDS))}"
            raise ValueError(message)


@dataclass
class _Count:
    fault: Fault
    choices: random.Random
    met: int = 0
    happened: int = 0


@dataclass
class Faults:
    """The faults that are on; the same ``seed`` and the same requests in the same order, the same faults."""

    seed: int = 1
    happened: dict[str, int] = field(default_factory=dict)
    _counts: list[_Count] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        """Turn faults on, besides those that are."""
        with self._lock:
            for fault in faults:
                choices = random.Random(f"{self.seed}:{len(self._counts)}:{fault.kind}")  # noqa: S311 (no secrets)
                self._counts.append(_Count(fault, choices))

    def clear(self) -> None:
        """Turn all faults off."""
        with self._lock:
            self._counts.clear()

    def of(self, path: str) -> list[Fault]:
        """Return the faults that happen to the request for ``path`` that comes now."""
        with self._lock:
            found = [count.fault for count in self._counts if _happens(count, path)]
            for fault in found:
                self.happened[fault.kind] = self.happened.get(fault.kind, 0) + 1
            return found


def _happens(count: _Count, path: str) -> bool:
    fault = count.fault
    if not fnmatchcase(path, fault.path.replace("[", "[[]")):
        return False
    count.met += 1
    drawn = count.choices.random() < fault.rate
    spent = fault.times is not None and count.happened >= fault.times
    if spent or not (count.met in fault.on or drawn):
        return False
    count.happened += 1
    return True
