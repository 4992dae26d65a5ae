"""Several accounts side by side: `python -m benchmarks.accounts` writes the table of the example's README.

Each account is a sandbox with limits and a latency of its own, and is read by a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

README = Path(__file__).parents[1] / "examples" / "many-accounts" / "README.md"
_BETWEEN = re.compile(r"(?<=<!-- measured accounts -->\n).*?(?=<!-- so far measured -->)", re.DOTALL)
# Accounts, and how many of them at a time.
RUNS = ((1, 1), (5, 5), (10, 10), (10, 4))
_WORKERS = 24
_GLANCE = 0.1


@dataclass(frozen=True)
class Found:
    """Seconds until the last ended, the highest peak of a process and of all together in MB, and connections."""

    seconds: float
    peak: float
    together: float
    connections: int


class Watch:
    """Looks at processes while they run: their memory, and how many sockets they have."""

    def __init__(self) -> None:
        self.peak = self.together = 0.0
        self.connections = 0
        self._running: set[int] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    @contextmanager
    def on(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Look at a process as long as this lasts."""
        with self._lock:
            self._running.add(process.pid)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process.pid)

    def look(self) -> None:
        """Look again and again, until told to end."""
        while not self._ended.wait(_GLANCE):
            with self._lock:
                seen = [one for one in map(_seen, self._running) if one is not None]
            self.peak = max([self.peak, *(memory for memory, _ in seen)])
            self.together = max(self.together, sum(memory for memory, _ in seen))
            self.connections = max([self.connections, *(sockets for _, sockets in seen)])

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


def _seen(process: int) -> tuple[float, int] | None:
    """Return the resident MB and the sockets of a process; None once it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
        files = [file.readlink() for file in Path(f"/proc/{process}/fd").iterdir()]
    except OSError:
        return None
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    return int(resident[1]) / 1024 if resident else 0.0, sum(file.name.startswith("socket:") for file in files)


@contextmanager
def _account(seed: int, options: Sequence[str]) -> Iterator[str]:
    """Serve an account; gives its URL."""
    command = [sys.executable, "-m", "tap_klaviyo.sandbox", "--port", "0", "--seed", str(seed), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def measure(accounts: int, at_a_time: int, options: Sequence[str]) -> Found:
    """Read so many accounts whole, so many of them at a time."""
    watch = Watch()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = [stack.enter_context(_account(seed, options)) for seed in range(1, accounts + 1)]

        def read(number: int) -> None:
            config = folder / f"{number}.json"
            settings = {"api_url": urls[number], "auth_token": f"key{number}", "max_workers": _WORKERS}
            config.write_text(json.dumps({**settings, "include_account_id": True}))
            command = [sys.executable, "-m", "tap_klaviyo.tap", "--config", str(config)]
            with (
                (folder / f"{number}.log").open("w+b") as log,
                subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log) as process,
                watch.on(process),
            ):
                if process.wait():
                    raise SystemExit((folder / f"{number}.log").read_text()[-2000:])

        looking = threading.Thread(target=watch.look)
        looking.start()
        stack.callback(watch.end)
        begun = time.perf_counter()
        with ThreadPoolExecutor(at_a_time) as pool:
            list(pool.map(read, range(accounts)))
        seconds = time.perf_counter() - begun
    looking.join()
    return Found(seconds, watch.peak, watch.together, watch.connections)


def lines(found: Sequence[tuple[int, int, Found]]) -> str:
    """Return what was measured as a table; times are against one account alone."""
    alone = found[0][2].seconds
    rows = [
        [
            str(accounts),
            str(at_a_time),
            f"{one.seconds:.0f} s",
            f"{one.seconds / alone:.1f}",
            f"{accounts * alone / one.seconds:.1f}",
            f"{one.peak:.0f} MB",
            f"{one.together:.0f} MB",
            str(one.connections),
        ]
        for accounts, at_a_time, one in found
    ]
    head = ["accounts", "at a time", "time", "times one account", "faster than one by one"]
    return table([[*head, "peak of a process", "peak of all", "connections of a process"], *rows])


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", default="1", metavar="FACTOR", help="of Klaviyo's (default: %(default)s)")
    parser.add_argument("--latency", default="0.1", metavar="SECONDS", help="of a response (default: %(default)s)")
    arguments = parser.parse_args()
    options = ["--limits", arguments.limits, "--latency", arguments.latency]
    found = [(accounts, at_a_time, measure(accounts, at_a_time, options)) for accounts, at_a_time in RUNS]
    machine = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, {sys.platform}; the accounts are served by the same machine."
    )
    text = f"\n{lines(found)}\n\n{machine}\n\n"
    print(text)
    README.write_text(_BETWEEN.sub(lambda _: text, README.read_text()))


if __name__ == "__main__":
    main()
