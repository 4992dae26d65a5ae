"""How fast, how small: `python -m benchmarks`, with `--long` also what takes minutes.

Everything is measured in one run on one machine, so the ratios mean something where the numbers may not.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.batches import batches
from benchmarks.maps import maps
from benchmarks.measure import Measurement, environment, less_start, only, run, server, table
from benchmarks.picture import bars
from benchmarks.pipelines import pipelines
from benchmarks.selection import cuts
from benchmarks.stages import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TAP, PLAIN, FLOOR = "tap_klaviyo.tap", "benchmarks.plain_tap", "benchmarks.floor"
PUBLISHED = "tap-klaviyo==1.1.5"
HERE = Path(__file__).parent
_ROWS, _SAMPLE = 200_000, 10_000
_BATCHED, _MAPPED = 100_000, 20_000
_LATENCY = 0.3
_STEADY = 3_500 * 1_000 / 60  # events a second that Klaviyo's pages a minute come to
_PLAIN_PAGE = 200
_RUNS = 3
_LONG = {"Pipelines", "The steady limit"}
_SHAPES = {"simple": (), "real": ("--real",)}
_READY = ("--ready", "events")  # a tap that is timed by the clock need not wait for the server to make them
# Enough to be told from the start, and fewer pages than Klaviyo's limits let through in a minute.
STREAMS = {
    "events": 40_000,
    "profiles": 20_000,
    "list_profiles": 60_000,
    "coupon_codes": 60_000,
    "catalog_variants": 30_000,
}


def _config(port: int, **settings: object) -> dict[str, Any]:
    return {"api_url": f"http://127.0.0.1:{port}", "auth_token": "benchmark", **settings}


def _least(module: str, config: dict[str, Any], *options: str, **how: Any) -> Measurement:
    """The run of some that took the least, since others use the machine."""
    return min((run(module, config, *options, **how) for _ in range(_RUNS)), key=lambda one: one.cpu)


def rate(rows: int, shape: str, module: str, *options: str, config: dict[str, Any], **how: Any) -> Measurement:
    """What a tap needs without latency and without its start."""

    def least(count: int) -> Measurement:
        with server("--rows", str(count), "--gzip", *_SHAPES[shape]) as port:
            return _least(module, _config(port, **config), *options, port=port, **how)

    return less_start(least(rows), least(1))


def _stream(stream: str, rows: int) -> Iterator[list[str]]:
    """One stream with both shapes of rows, against the plain tap and the floor."""
    selected = only(TAP, stream)
    per_megabyte = []
    for shape in _SHAPES:
        plain = rate(rows // 10, shape, PLAIN, config={"stream": stream})
        floor = rate(rows, shape, FLOOR, config={"stream": stream})
        one = rate(rows, shape, TAP, *selected, config={"max_workers": 1})
        many = rate(rows, shape, TAP, *selected, config={})
        per_megabyte.append(one.per_megabyte)
        yield [
            stream,
            f"{shape}, {one.received / one.records:,.0f} bytes",
            *(f"{1e6 / found.rate:.1f}" for found in (plain, floor, one, many)),
            f"{one.rate / plain.rate:.1f}, {many.rate / plain.rate:.1f}",
            f"{floor.rate / one.rate:.1f}",
            f"{per_megabyte[-1] / per_megabyte[0]:.2f}",
        ]


def _processor() -> Iterator[list[str]]:
    """No latency: what the processor needs for a record, start-up apart."""
    for stream, rows in STREAMS.items():
        yield from _stream(stream, rows)


def _published() -> Iterator[list[str]]:
    """The tap that PyPI has under this name, with simple events, the only ones that it reads."""
    with environment(PUBLISHED) as python:
        if python is not None:
            settings = {"api_key": "benchmark", "start_date": "2024-01-01T00:00:00Z"}
            found = rate(_SAMPLE, "simple", "published_tap", config=settings, python=python, folder=HERE)
            yield [f"{PUBLISHED} of PyPI", f"{1e6 / found.rate:.1f}"]


def _stages(events: list[str]) -> Iterator[list[str]]:
    found = []
    for option in _SHAPES.values():
        with server("--rows", "1000", "--gzip", *option) as port:
            found.append(list(stages(_config(port), Path(events[-1]))))
    for (name, simple), (_, real) in zip(*found, strict=True):
        yield [name, f"{simple:.2f}", f"{real:.2f}"]


def _latency(events: list[str]) -> Iterator[list[str]]:
    """An answer takes 300 ms and Klaviyo's limits hold: what a backfill takes."""
    pages = _SAMPLE // _PLAIN_PAGE
    with server("--rows", str(_SAMPLE), "--latency", str(_LATENCY), "--limits") as port:
        plain = run(PLAIN, {"api_url": _config(port)["api_url"]}, port=port)
    whole = plain.seconds * _ROWS / _SAMPLE
    yield [f"plain tap ({pages} pages of {_PLAIN_PAGE}, times {_ROWS // _SAMPLE})", f"{whole:.1f} s", "1", "", "", ""]
    found = {}
    kinds = (("evenly spread", []), ("in bursts", ["--bursts"]), ("real, in bursts", ["--bursts", "--real"]))
    for name, option in kinds:
        with server("--rows", str(_ROWS), *_READY, "--latency", str(_LATENCY), "--limits", "--gzip", *option) as port:
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
    for shape, option in _SHAPES.items():
        for rows in (100_000, 2_000_000) if long else (100_000, 400_000):
            with server("--rows", str(rows), "--days", str(rows // 500), *option) as port:
                found = run(TAP, _config(port), *events, port=port)
            yield [f"{rows:,} {shape}", f"{found.records:,}", f"{found.peak:.0f} MB"]


def _steady(events: list[str]) -> Iterator[list[str]]:
    """A backfill that meets the limit of 3,500 pages a minute."""
    rows = 7_000_000
    for name, option in (("evenly spread", []), ("in bursts", ["--bursts"])):
        with server("--rows", str(rows), *_READY, "--days", "730", "--latency", "0.1", "--limits", *option) as port:
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


def _sections(*, long: bool) -> Iterator[tuple[str, Callable[[list[str]], Iterator[str]]]]:
    """Yield by name what can be measured: each gives the lines of a section of the README."""
    yield "Processor", _processor_section
    yield "Latency", _latency_section
    yield "Memory", lambda events: iter([table([["events", "written", "peak"], *_memory(events, long=long)])])
    yield "Batches", _batches_section
    yield "Stream maps", _maps_section
    yield "Selection", _selection_section
    yield "Discovery", lambda _events: iter([table([["command", "time", "peak"], _discovery()])])
    yield "Pipelines", pipelines
    yield "The steady limit", _steady_section


def _processor_section(events: list[str]) -> Iterator[str]:
    yield (
        "Milliseconds of processor time for 1,000 records, without latency and without the start. *Simple* records "
        "are short and plain; *real* ones have the sizes and spellings of a shop's (ids of 13 digits, prices, order "
        "trees of 6 to 12 KB, one in five with text beyond ASCII). Pages come as gzip. The plain tap asks for pages of "
        "Klaviyo's usual size (200 events, 20 of all else), this one for the largest. The floor takes the largest "
        "from the socket, inflates them, and decodes and encodes them once. The last column is this tap's time for a "
        "byte, 1 worker, against simple records."
    )
    head = ["stream", "records", "plain tap", "floor", "1 worker", "24 workers"]
    rows = list(_processor())
    yield table([[*head, "times plain (1, 24 workers)", "times the floor", "a byte against simple"], *rows])
    yield table([["events, simple", "ms for 1,000"], *_published()])
    yield "Where the time of a page of 1,000 events goes, in milliseconds:"
    yield table([["stage", "simple", "real"], *_stages(events)])
    bar = [
        (what, 1e6 / float(spent), f"{1e6 / float(spent):,.0f}")
        for what, spent in (("this tap, real events", rows[1][4]), ("plain singer-sdk tap", rows[1][2]))
    ]
    limit = ("Klaviyo's own limit", _STEADY, f"{_STEADY:,.0f} (3,500 pages a minute)")
    (HERE / "processor.svg").write_text(bars("Events a second of processor time", [*bar, limit]))
    yield "![events a second](processor.svg)"


def _latency_section(events: list[str]) -> Iterator[str]:
    yield "300 ms a response, Klaviyo's limits on, start included."
    yield table([["200,000 events", "time", "times faster", "requests", "refused (429)", "peak"], *_latency(events)])
    yield (
        "What bounds bursts: how far one lasts is known only when it is over, so behind each some windows come back "
        "nearly empty: half as many requests again as full pages."
    )
    yield "![seconds](latency.svg)"


def _batches_section(events: list[str]) -> Iterator[str]:
    yield f"{_BATCHED:,} real events, 24 workers, start included; the least of {_RUNS} runs."
    with server("--rows", str(_BATCHED), "--gzip", *_SHAPES["real"]) as port:
        costs = list(batches(lambda settings: _least(TAP, _config(port, **settings), *events, port=port), _BATCHED))
    yield table([["written as", "processor time", "times messages", "peak"], *costs])


def _maps_section(events: list[str]) -> Iterator[str]:
    yield (
        "Milliseconds of processor time for 1,000 real events, without latency and without the start; one worker. The "
        "last column is this tap's time against that for records that nothing changes."
    )
    head = ["changed by", "plain tap", "this tap", "times plain", "times unchanged"]
    rows = maps(
        lambda settings: rate(_MAPPED, "real", TAP, *events, config={"max_workers": 1, **settings}),
        lambda settings: rate(_MAPPED // 10, "real", PLAIN, config={"stream": "events", **settings}),
    )
    yield table([head, *rows])


def _selection_section(_events: list[str]) -> Iterator[str]:
    yield "The bytes of 2,000 profiles, all fields with subscriptions or three."
    yield table([["profiles", "all", "three fields", "fewer"], *_selection()])


def _steady_section(events: list[str]) -> Iterator[str]:
    yield "7 million events, 100 ms a response, 48 workers."
    yield table([["events", "time", "events/s", "of the limit (58,333)", "requests"], *_steady(events)])


def main() -> None:
    """Measure, print, and write the sections of `benchmarks/README.md` and the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="also 2 million events, pipelines and the steady limit")
    parser.add_argument(
        "--only",
        type=str.capitalize,
        choices=[*dict(_sections(long=False))],
        help="leave the other sections as they are",
    )
    arguments = parser.parse_args()
    events = only(TAP, "events")
    machine = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {sys.platform}; the server runs on the same machine."
    )
    head, *parts = re.split(r"^## ", (HERE / "README.md").read_text(), flags=re.MULTILINE)
    known = {part.partition("\n")[0]: part for part in parts}
    for name, lines in _sections(long=arguments.long):
        if name == arguments.only or (arguments.only is None and (arguments.long or name not in _LONG)):
            known[name] = "\n\n".join([name, machine, *lines(events)])
            print(f"## {known[name]}\n")
    (HERE / "README.md").write_text("\n\n## ".join(part.rstrip() for part in [head, *known.values()]) + "\n")


if __name__ == "__main__":
    main()
