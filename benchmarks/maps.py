"""What stream maps, flattening, hashing and redacting cost, against the plain tap with the same settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.measure import Measurement

    Measured = Callable[[Mapping[str, Any]], Measurement]

_MAP = {"events": {"day": "datetime[:10]", "shop": "'north'", "is_order": "value is not None", "uuid": None}}
_FLAT = {"flattening_enabled": True, "flattening_max_depth": 2}
# What the SDK has too; it neither hashes nor redacts without an expression.
_BOTH = {
    "nothing": {},
    "a map: three columns made, one removed": {"stream_maps": _MAP},
    "flattening, two levels": _FLAT,
    "both": {"stream_maps": _MAP, **_FLAT},
}
_OWN = {
    "a hashed column": {"hash_salt": "benchmark", "stream_options": {"events": {"hash": ["uuid"]}}},
    "a redacted property": {"stream_options": {"events": {"redact": ["event_properties.URL"]}}},
}


def maps(ours: Measured, plain: Measured) -> Iterator[list[str]]:
    """Yield a row for each way to change records: milliseconds for 1,000 of them, by what measures the two taps."""
    alone = None
    for what, settings in {**_BOTH, **_OWN}.items():
        found = ours(settings)
        alone = alone or found
        other = plain(settings) if what in _BOTH else None
        yield [
            what,
            f"{1e6 / other.rate:.1f}" if other else "",
            f"{1e6 / found.rate:.1f}",
            f"{found.rate / other.rate:.1f}" if other else "",
            f"{alone.rate / found.rate:.2f}",
        ]
