"""Whole pipelines: the tap into real targets, each in an environment of its own, with and without batch files."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import run, server, table
from benchmarks.pipe import Failed, Piped, piped
from tests.targets import warehouses
from tests.targets.parquet import FLAT, bucket
from tests.targets.postgres import server as postgres
from tools.targets import flattened, targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.targets.warehouses import Warehouse

TAP = "tap_klaviyo.tap"
STREAM = "events"
ROWS = 100_000
FILE = 10_000
WAYS = ("messages", "files")
HEAD = ("target", "written as", "time", "rows/s", "times alone")
HEAD += ("processor: tap", "processor: target", "held", "bottleneck", "peak")
_QUICK = "meltanolabs-target-postgres"
_QUICKER: dict[str, Any] = {"use_copy": True, "validate_records": False}


@dataclass(frozen=True)
class Kind:
    """A target, how to make one in a folder, and what the tap has to be told for it."""

    name: str
    make: Callable[[Path], Warehouse]
    settings: Mapping[str, Any]


def pipelines(catalog: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs and the table of the section; the catalog selects the one stream."""
    yield (
        f"`tap | target` with {ROWS:,} real events, start included, one run each; the targets and their versions are "
        f"those of [Targets](../docs/targets.md). The tap alone writes to a file. Batch files hold {FILE:,} records, "
        "as gzip. Pages come as they are: to pack them would take more of the processor than the tap does. *Held* is "
        "the share of the time in which the tap waited for the target to read, or had ended. The bottleneck is the "
        "tap where that is less than half; else the target, or what is behind it, a database or a disk, where the "
        "target's own processor time is less than half of the time. *Peak* is the target's memory. Afterwards each "
        "target held every event once."
    )
    refused: list[str] = []
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        klaviyo = f"http://127.0.0.1:{stack.enter_context(server('--rows', str(ROWS), '--real'))}"
        kinds = list(_kinds(stack.enter_context(postgres()), stack.enter_context(bucket())))
        alone = _alone(klaviyo, catalog)
        rows = [_row("the tap alone", "messages", alone, alone, ["", "", "tap", ""])]
        for number, kind in enumerate(kinds):
            for written in WAYS:
                place = home / f"{number}-{written}"
                place.mkdir()
                try:
                    found = load(kind, place, klaviyo, catalog, as_files=written == "files")
                except Failed as failure:
                    if written != "files":
                        raise SystemExit(str(failure)) from failure
                    refused.append(kind.name)
                else:
                    own = [f"{found.target:.1f} s", f"{found.held:.0%}", found.bottleneck, f"{found.peak:,.0f} MB"]
                    rows.append(_row(kind.name, written, found, alone, own))
    yield table([HEAD, *rows])
    yield f"These end with an error at a BATCH message: {'; '.join(refused)}."


def _kinds(port: int, address: str) -> Iterator[Kind]:
    for (name, _), make in targets(port).items():
        yield Kind(name, make, {})
        if _QUICK in name:
            options = " and ".join(f"`{option}: {json.dumps(value)}`" for option, value in _QUICKER.items())
            yield Kind(f"the same, {options}", partial(warehouses.postgres, port=port, **_QUICKER), {})
    for (name, _), make in flattened(address).items():
        yield Kind(name, make, FLAT)


def load(kind: Kind, place: Path, klaviyo: str, catalog: Sequence[str], *, as_files: bool) -> Piped:
    """Run the pipeline into a new target, and see that it then holds each row once."""
    warehouse = kind.make(place)
    settings = {"api_url": klaviyo, "auth_token": "benchmark", **kind.settings}
    if as_files:
        encoding = {"format": "jsonl", "compression": "gzip"}
        storage = {"root": (place / "files").as_uri()}
        settings["batch_config"] = {"encoding": encoding, "storage": storage, "batch_size": FILE}
    config = place / "tap.json"
    config.write_text(json.dumps(settings))
    found = piped(
        [sys.executable, "-m", TAP, "--config", str(config), *catalog],
        [str(warehouse.home / "bin" / warehouse.executable), "--config", str(warehouse.config)],
    )
    all_there(kind.name, [row["id"] for row in warehouse.tables("id")[STREAM]])
    return found


def _alone(klaviyo: str, catalog: Sequence[str]) -> Piped:
    """Run the tap by itself, its records counted in a file."""
    found = run(TAP, {"api_url": klaviyo, "auth_token": "benchmark"}, *catalog)
    all_there("the tap's file", [*range(found.records)])
    return Piped(found.seconds, found.cpu, target=0, held=0, peak=0)


def all_there(what: str, keys: Sequence[object]) -> None:
    """End where a row is missing or there twice."""
    if not ROWS == len(keys) == len({*keys}):
        message = f"{what} holds {len(keys):,} rows, {len({*keys}):,} different ones, of {ROWS:,}"
        raise SystemExit(message)


def _row(name: str, written: str, found: Piped, alone: Piped, own: Sequence[str]) -> list[str]:
    times = f"{found.seconds / alone.seconds:.1f}"
    pace = [f"{found.seconds:.1f} s", f"{ROWS / found.seconds:,.0f}", times]
    return [name, written, *pace, f"{found.tap:.1f} s", *own]
