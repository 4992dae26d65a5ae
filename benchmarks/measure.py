"""Runs a tap against the benchmark server and says what it took."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_STATISTICS_TIMEOUT = 5
# A process that starts the tap and says the highest resident size of its own, since `ru_maxrss` inherits the
# launcher's.
_WATCHED = (
    "import atexit,runpy,sys;"
    "atexit.register(lambda: sys.stderr.write([l for l in open('/proc/self/status') if l.startswith('VmHWM')][0]));"
    "sys.argv=sys.argv[1:];runpy.run_module(sys.argv[0],run_name='__main__',alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run: seconds on the clock and on the processor, peak memory in MB, records, and what the server saw."""

    seconds: float
    cpu: float
    peak: float
    records: int
    requests: int = 0
    throttled: int = 0
    received: int = 0
    """Bytes of the bodies, inflated."""

    @property
    def per_megabyte(self) -> float:
        """Milliseconds of processor time for a MB received."""
        return self.cpu * 1e9 / self.received

    @property
    def rate(self) -> float:
        """Records a second of processor time."""
        return self.records / self.cpu


@contextmanager
def server(*options: str) -> Iterator[int]:
    """Start the benchmark server; gives its port."""
    command = [sys.executable, "-m", "benchmarks.server", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def statistics(port: int) -> dict[str, int]:
    """Return what the server has counted."""
    url = f"http://127.0.0.1:{port}/statistics"
    with urllib.request.urlopen(url, timeout=_STATISTICS_TIMEOUT) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def run(
    module: str,
    config: dict[str, Any],
    *options: str,
    port: int | None = None,
    python: str = sys.executable,
    folder: Path | None = None,
) -> Measurement:
    """Run a tap with a configuration and count what it writes; ``folder`` is where it finds its module."""
    before = statistics(port) if port else {}
    with tempfile.TemporaryDirectory() as scratch:
        settings = Path(scratch) / "config.json"
        settings.write_text(json.dumps(config))
        output = Path(scratch) / "output.jsonl"
        command = [python, "-c", _WATCHED, module, "--config", str(settings), *options]
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        with output.open("wb") as sink:
            finished = subprocess.run(
                command,
                stdout=sink,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                cwd=folder,
                env=user_environment(),
            )
        seconds = time.perf_counter() - begun
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        if finished.returncode:
            raise SystemExit(finished.stderr[-2000:])
        records = _count(output)
    after = statistics(port) if port else {}
    peak = [line for line in finished.stderr.splitlines() if line.startswith("VmHWM")]
    return Measurement(
        seconds=seconds,
        cpu=now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
        peak=int(peak[-1].split()[1]) / 1024,
        records=records,
        requests=after.get("requests", 0) - before.get("requests", 0),
        throttled=after.get("throttled", 0) - before.get("throttled", 0),
        received=after.get("bytes", 0) - before.get("bytes", 0),
    )


def user_environment() -> dict[str, str]:
    """What a user's process has: its modules compiled once and kept, its output buffered."""
    spoiling = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    return {name: value for name, value in os.environ.items() if name not in spoiling}


def _count(output: Path) -> int:
    with output.open("rb") as lines:
        return sum(b'"type":"RECORD"' in line[:40] or b'"type": "RECORD"' in line[:40] for line in lines)


@contextmanager
def environment(requirement: str) -> Iterator[str | None]:
    """Make a virtual environment with one distribution; gives its Python, None where that cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder) / "bin" / "python")
        commands = (["uv", "venv", "-q", folder], ["uv", "pip", "install", "-q", "--python", python, requirement])
        try:
            for command in commands:
                subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            yield None
        else:
            yield python


def only(module: str, stream: str, *, python: str = sys.executable, folder: Path | None = None) -> list[str]:
    """Return the options that select one stream alone, from the tap's own discovery."""
    command = [python, "-m", module, "--discover"]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, env=user_environment())
    catalog = json.loads(found.stdout)
    for one in catalog["streams"]:
        for entry in one["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = one["tap_stream_id"] == stream
    handle, path = tempfile.mkstemp(suffix=".json")
    with os.fdopen(handle, "w") as file:
        json.dump(catalog, file)
    return ["--catalog", path]


def less_start(measured: Measurement, start: Measurement) -> Measurement:
    """Return a measurement without what the process takes to start."""
    return Measurement(
        measured.seconds - start.seconds,
        measured.cpu - start.cpu,
        measured.peak,
        measured.records,
        measured.requests,
        measured.throttled,
        measured.received,
    )


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table; the first is the head."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "| " + " | ".join("---" for _ in rows[0]) + " |", *body])
