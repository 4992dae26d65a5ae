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
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Measurement, environment, less_start, only_events, run, server, table
from benchmarks.picture import bars
from benchmarks.selection import cuts
from benchmarks.stages import stages

if TYPE_CHECKING:
    from collections.abc import Iterator

TAP, PLAIN, PUBLISHED = "tap_klaviyo.tap", "benchmarks.plain_tap", "tap-klaviyo==1.1.5"
HERE = Path(__file__).parent
_ROWS, _SAMPLE = 200_000, 10_000
_LATENCY = 0.3
_STEADY = 3_500 * 1_000 / 60  # events a second that Klaviyo's pages a minute come to
_PLAIN_PAGE = 200


def _config(port: int, **settings: object) -> dict[str, object]:
    return {"api_url": f"http://127.0.0.1:{port}", "auth_token": "benchmark", **settings}


def _processor(events: list[str]) -> Iterator[list[str]]:
    """No latency: what the processor needs for a record, start-up apart."""

    def rate(rows: int, module: str, *options: str, **how: Any) -> Measurement:
        settings = how.pop("settings", {})
        found = []
        for count in (1, 1, rows):  # the first run compiles the modules
            with server("--events", str(count)) as port:
                found.append(run(module, _config(port, **settings), *options, port=port, **how))
        return less_start(found[-1], found[-2])

    one = rate(_ROWS, TAP, *events, settings={"max_workers": 1})
    many = rate(_ROWS, TAP, *events)
    plain = rate(2 * _SAMPLE, PLAIN)
    rows = [("this tap, 1 worker", one), ("this tap, 24 workers", many), ("plain singer-sdk tap", plain)]
    with environment(PUBLISHED) as python:
        if python is not None:
            settings = {"api_key": "benchmark", "start_date": "2024-01-01T00:00:00Z"}
            found = rate(_SAMPLE, "published_tap", settings=settings, python=python, folder=HERE)
            rows.append((f"{PUBLISHED} of PyPI", found))
    for name, found in rows:
        yield [
            name,
            f"{found.rate:,.0f}",
            f"{found.rate / plain.rate:.1f}",
            f"{found.peak:.0f} MB",
            f"{found.records:,} in {found.requests}",
        ]
    bar = [(name, found.rate, f"{found.rate:,.0f}") for name, found in rows if found is not many]
    picture = bars(
        "Events a second of processor time",
        [*bar, ("Klaviyo's own limit", _STEADY, f"{_STEADY:,.0f} (3,500 pages a minute)")],
    )
    (HERE / "processor.svg").write_text(picture)


def _stages(events: list[str]) -> Iterator[list[str]]:
    with server("--events", "1000") as port:
        for name, milliseconds in stages(_config(port), Path(events[-1])):
            yield [name, f"{milliseconds:.2f}"]


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
        yield [
            name,
            f"{found.seconds:.0f} s",
            f"{found.records / found.seconds:,.0f}",
            f"{found.records / found.seconds / _STEADY:.0%}",
            f"{found.requests} ({found.throttled} refused)",
        ]


def _selection() -> Iterator[list[str]]:
    """What three fields of profiles save."""
    for what, (everything, _), (three, _) in cuts():
        yield [what, f"{everything:,}", f"{three:,}", f"{1 - three / everything:.1%}"]


def _discovery() -> list[str]:
    found = run(TAP, {"api_url": "sandbox://"}, "--discover")
    return ["`--discover`", f"{found.seconds:.2f} s", f"{found.peak:.0f} MB"]


def main() -> None:
    """Measure, print, and write `benchmarks/README.md` and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="also 2 million events, and the steady limit")
    long: bool = parser.parse_args().long
    events = only_events(TAP)
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
                ["tap", "events a second of processor time", "times plain", "peak", "records in requests"],
                *_processor(events),
            ]
        ),
        "",
        (
            "Where the time of a page of 1,000 events (1.4 MB) goes. What is not in the table: the kernel writes "
            "1.4 MB, what was read is freed, caches are cold, and two threads take turns. The members of "
            "event_properties that become columns are decoded out of the same bytes a second time, "
            "a third of the columns' share."
        ),
        "",
        table([["stage", "ms of processor time"], *_stages(events)]),
        "",
        "![events a second](processor.svg)",
        "",
        "## Latency: 300 ms an answer, Klaviyo's limits on, start-up included",
        "",
        table([["200,000 events", "time", "times faster", "requests", "refused (429)", "peak"], *_latency(events)]),
        "",
        (
            "What bounds bursts: behind one, windows that were cut for its density come back nearly empty, so there "
            "are up to twice as many requests as full pages."
        ),
        "",
        "![seconds](latency.svg)",
        "",
        "## Memory",
        "",
        table([["events", "written", "peak"], *_memory(events, long=long)]),
        "",
        "## Selection: the bytes of 2,000 profiles, all fields with subscriptions or three",
        "",
        table([["profiles", "all", "three fields", "fewer"], *_selection()]),
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
            table([["events", "time", "events/s", "of the limit (58,333)", "requests"], *_steady(events)]),
            "",
        ]
    text = "\n".join(parts)
    (HERE / "README.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
