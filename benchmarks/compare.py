"""Is it as fast as the last release? `python -m benchmarks.compare` fails where a stream lost a quarter of its speed.

Both are measured in one run on one machine, against the same server with a shop's data.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.__main__ import STREAMS, TAP, rate
from benchmarks.measure import environment, only, table

if TYPE_CHECKING:
    from collections.abc import Mapping

RELEASE = "singer-tap-klaviyo"
_MOST_LOST = 0.25


def lost(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """Return by stream the part of its records a second that is gone, if that is more than may be."""
    parts = {stream: 1 - now[stream] / rate for stream, rate in before.items() if stream in now}
    return {stream: part for stream, part in parts.items() if part > _MOST_LOST}


def _rates(python: str, folder: Path | None) -> dict[str, float]:
    """Return by stream the records a second of processor time, with the workers that users have."""
    found = {}
    for stream, rows in STREAMS.items():
        selected = only(TAP, stream, python=python, folder=folder)
        found[stream] = rate(rows, "real", TAP, *selected, config={}, python=python, folder=folder).rate
    return found


def main() -> None:
    """Measure, print, and fail if something was lost."""
    # From an empty folder the release is imported, and not this checkout.
    with environment(RELEASE) as python, tempfile.TemporaryDirectory() as folder:
        if python is None:
            print(f"{RELEASE} cannot be installed: there is nothing to compare with")
            return
        before, now = _rates(python, Path(folder)), _rates(sys.executable, None)
    rows = [[stream, f"{before[stream]:,.0f}", f"{now[stream]:,.0f}"] for stream in STREAMS]
    print(table([["records a second", "last release", "this version"], *rows]))
    if gone := lost(before, now):
        raise SystemExit(
            "slower than the last release: " + ", ".join(f"{name} {part:.0%}" for name, part in gone.items())
        )


if __name__ == "__main__":
    main()
