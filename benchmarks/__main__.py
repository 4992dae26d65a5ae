"""How fast, how small: `python -m benchmarks`, with `--long` also what takes minutes.

Everything is measured in one run on one machine, so the ratios mean something where the numbers may not.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import Measurement, less_start, only_events, run, server, table
from benchmarks.picture import bars

if TYPE_CHECKING:
    from collections.abc import Iterator

TAP, PLAIN = "tap_klaviyo.tap", "benchmarks.plain_tap"
HERE = Path(__file__).parent
_ROWS, _SAMPLE = 200_000, 10_000
_LATENCY = 0.3
_PLAIN_PAGE = 200


def _config(port: int, **settings: object) -> dict[str, object]:
    return {"api_url": f"http://127.0.0.1:{port}", "auth_token": "benchmark", **settings}


def _start(events: list[str]) -> tuple[Measurement, Measurement]:
    """What each tap takes to start, and to find one row."""
    with server("--events", "1") as port:
        ours = run(TAP, _config(port), *events, port=port)
        return ours, run(PLAIN, {"api_url": _config(port)["api_url"]}, port=port)


def _processor(events: list[str], starts: tuple[Measurement, Measurement]) -> Iterator[list[str]]:
    """No latency: what the processor needs for a record."""
    with server("--events", str(_ROWS)) as port:
        one = less_start(run(TAP, _config(port, max_workers=1), *events, port=port), starts[0])
        many = less_start(run(TAP, _config(port), *events, port=port), starts[0])
    with server("--events", str(_SAMPLE)) as port:
        plain = less_start(run(PLAIN, {"api_url": _config(port)["api_url"]}, port=port), starts[1])
    for name, found in (("1 worker", one), ("24 workers", many), ("plain singer-sdk tap", plain)):
        yield [
            name,
            f"{found.rate:,.0f}",
            f"{found.rate / plain.rate:.1f}",
            f"{found.peak:.0f} MB",
            f"{found.requests}",
        ]
    picture = bars(
        "Events a second of processor time",
        [
            ("tap-klaviyo", one.rate, f"{one.rate:,.0f}"),
            ("plain singer-sdk tap", plain.rate, f"{plain.rate:,.0f}"),
            ("Klaviyo's own limit", 58_333, "58,333 (3,500 pages a minute)"),
        ],
    )
    (HERE / "processor.svg").write_text(picture)


def _latency(events: list[str]) -> Iterator[list[str]]:
    """An answer takes 300 ms and Klaviyo's limits hold: what a backfill takes."""
    pages = _SAMPLE // _PLAIN_PAGE
    with server("--events", str(_SAMPLE), "--latency", str(_LATENCY), "--limits") as port:
        plain = run(PLAIN, {"api_url": _config(port)["api_url"]}, port=port)
    whole = plain.seconds * _ROWS / _SAMPLE
    yield [f"plain tap ({pages} pages of {_PLAIN_PAGE}, times {_ROWS // _SAMPLE})", f"{whole:.1f} s", "1", "", "", ""]
    found = {}
    for name, option in (("evenly spread", []), ("in bursts", ["--bursts"])):
        with server("--events", str(_ROWS), "--latency", str(_LATENCY), "--limits", *option) as port:
            measured = found[name] = run(TAP, _config(port), *events, port=port)
        yield [
            f"tap-klaviyo, {name}",
            f"{measured.seconds:.1f} s",
            f"{whole / measured.seconds:.0f}",
            f"{measured.requests}",
            f"{measured.throttled}",
            f"{measured.peak:.0f} MB",
        ]
    picture = bars(
        "Seconds for 200,000 events, 300 ms an answer, Klaviyo's limits on",
        [
            ("tap-klaviyo", found["evenly spread"].seconds, f"{found['evenly spread'].seconds:.1f} s"),
            ("plain singer-sdk tap", whole, f"{whole:.0f} s"),
        ],
    )
    (HERE / "latency.svg").write_text(picture)


def _memory(events: list[str], *, long: bool) -> Iterator[list[str]]:
    """Peak memory does not follow the volume."""
    for rows in (100_000, 2_000_000) if long else (100_000, 400_000):
        with server("--events", str(rows), "--days", str(rows // 500)) as port:
            found = run(TAP, _config(port), *events, port=port)
        yield [f"{rows:,}", f"{found.records:,}", f"{found.peak:.0f} MB"]


def _steady(events: list[str]) -> Iterator[list[str]]:
    """A backfill that meets the limit of 3,500 pages a minute."""
    rows = 7_000_000
    for name, option in (("evenly spread", []), ("in bursts", ["--bursts"])):
        with server("--events", str(rows), "--days", "730", "--latency", "0.1", "--limits", *option) as port:
            found = run(TAP, _config(port, max_workers=48), *events, port=port)
        # The first minute's quota may be spent at once, each further one takes its minute.
        most = 3_500_000 * (1 + found.seconds / 60)
        yield [
            name,
            f"{found.seconds:.0f} s",
            f"{found.records / found.seconds:,.0f}",
            f"{found.records / most:.0%}",
            f"{found.requests} ({found.throttled} refused)",
        ]


def _discovery() -> list[str]:
    found = run(TAP, {"api_url": "sandbox://"}, "--discover")
    return ["`--discover`", f"{found.seconds:.2f} s", f"{found.peak:.0f} MB"]


def main() -> None:
    """Measure, print, and write `benchmarks/README.md` and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="also 2 million events, and the steady limit")
    long: bool = parser.parse_args().long
    events = only_events(TAP)
    starts = _start(events)
    parts = [
        "# Benchmarks",
        "",
        (
            f"Written by `python -m benchmarks{' --long' if long else ''}` on {datetime.now(UTC):%Y-%m-%d}: "
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {sys.platform}. "
            "The server runs on the same machine. Compare ratios, not seconds."
        ),
        "",
        "## Processor: no latency, start-up apart",
        "",
        table(
            [
                ["tap", "events a second of processor time", "times plain", "peak", "requests"],
                *_processor(events, starts),
            ]
        ),
        "",
        f"Starting takes {starts[0].cpu:.2f} s of processor time; the plain tap takes {starts[1].cpu:.2f} s.",
        "",
        "![events a second](processor.svg)",
        "",
        "## Latency: 300 ms an answer, Klaviyo's limits on, start-up included",
        "",
        table([["200,000 events", "time", "times faster", "requests", "refused (429)", "peak"], *_latency(events)]),
        "",
        "![seconds](latency.svg)",
        "",
        "## Memory",
        "",
        table([["events", "written", "peak"], *_memory(events, long=long)]),
        "",
        "## Discovery",
        "",
        table([["command", "time", "peak"], _discovery()]),
        "",
    ]
    if long:
        parts += [
            "## The steady limit: 7 million events, 100 ms an answer, 48 workers",
            "",
            table([["events", "time", "events/s", "of what the limit allows", "requests"], *_steady(events)]),
            "",
        ]
    text = "\n".join(parts)
    (HERE / "README.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
