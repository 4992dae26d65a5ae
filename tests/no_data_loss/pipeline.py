"""The tap and a target as processes, with a pipe between them, and ways to end them."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_klaviyo.tap import TapKlaviyo
from tests.no_data_loss.rig import as_instant
from tests.targets.messages import TAP

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Sandbox
    from tests.targets.warehouses import Warehouse

HURRIED = Path(__file__).with_name("hurried.py")
_CHUNK = 1 << 16


def catalog_of(streams: tuple[str, ...]) -> dict[str, Any]:
    """The catalog with these streams selected and no other."""
    catalog = TapKlaviyo(config={"api_url": "sandbox://"}).catalog_dict
    for entry in catalog["streams"]:
        (whole,) = (part for part in entry["metadata"] if not part["breadcrumb"])
        whole["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


@dataclass(frozen=True)
class Cut:
    """What ends a run from outside.

    ``requests``: after so many, and before the next one is answered, the tap gets the signal ``by``. ``written``: the
    tap is killed where it has written so many bytes, half a line included; or the ``target`` is, where it got them.
    """

    requests: int | None = None
    by: signal.Signals = signal.SIGKILL
    written: int | None = None
    target: bool = False


@dataclass(frozen=True)
class Ended:
    """How a run ended: both exit codes, and whether the last line that the target got was a whole one."""

    tap: int
    target: int
    whole: bool


@dataclass
class Pipeline:
    """One tap, one target and the files between two runs."""

    folder: Path
    url: str
    catalog: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    hurried: bool = False
    """Whether a STATE goes out after every page."""
    ahead: float = 0.0
    """Seconds that the tap's clock is ahead."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "catalog.json").write_text(json.dumps(self.catalog))
        self.configure()

    def configure(self, **config: Any) -> None:
        """Write the settings."""
        self.config |= config
        settings = {"api_url": self.url, "auth_token": "pk_made_up", **self.config}
        (self.folder / "config.json").write_text(json.dumps(settings))

    @property
    def state(self) -> Path:
        """What the target vouches for."""
        return self.folder / "state.json"

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The replication values of the state, by stream, as instants."""
        entries = json.loads(self.state.read_text())["bookmarks"] if self.state.exists() else {}
        key = "replication_key_value"
        return {stream: as_instant(entry[key]) for stream, entry in entries.items() if key in entry}

    @property
    def command(self) -> list[str]:
        """Start the tap where the state leaves off."""
        hurried = self.hurried or self.ahead
        command = [sys.executable, str(HURRIED), str(self.ahead)] if hurried else [str(TAP)]
        command += ["--config", f"{self.folder}/config.json", "--catalog", f"{self.folder}/catalog.json"]
        return [*command, "--state", str(self.state)] if self.state.exists() else command

    def start(self, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start the tap alone; what it says goes to a log."""
        with (self.folder / "tap.log").open("wb") as log:
            return subprocess.Popen(self.command, stdout=stdout, stderr=log)

    def run(self, sandbox: Sandbox, warehouse: Warehouse, cut: Cut | None = None) -> Ended:
        """Run both to their ends; the last STATE that the target wrote is where the next run goes on."""
        cut, before = cut or Cut(), self.bookmarks
        said = self.folder / "said.jsonl"
        command = [str(warehouse.home / "bin" / warehouse.executable), "--config", str(warehouse.config)]
        with said.open("wb") as output, (self.folder / "target.log").open("wb") as log:
            loading = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=log)
        tap = self.start()
        try:
            if cut.requests is not None:
                sandbox.schedule.add(lambda _: tap.send_signal(cut.by), after=cut.requests)
            whole = _pass_on(tap, loading, cut)
            ended = Ended(tap.wait(), loading.wait(), whole)
        finally:
            sandbox.schedule.clear()
            for process in (tap, loading):
                process.kill()
                process.wait()
        states = said.read_bytes().rpartition(b"\n")[0].splitlines()
        if states:
            self.state.write_bytes(states[-1])
        after = self.bookmarks
        assert {stream: after[stream] for stream in before if after[stream] < before[stream]} == {}
        return ended

    @property
    def log(self) -> list[str]:
        """What the tap said of errors."""
        lines = (self.folder / "tap.log").read_text().splitlines()
        return [line for line in lines if "INFO" not in line and "WARNING" not in line]


def _pass_on(tap: subprocess.Popen[bytes], target: subprocess.Popen[bytes], cut: Cut) -> bool:
    """Pass on what the tap writes; tell whether it ended with a whole line."""
    assert tap.stdout is not None
    assert target.stdin is not None
    left, last = cut.written, b"\n"
    with contextlib.suppress(BrokenPipeError), tap.stdout, target.stdin:
        while chunk := tap.stdout.read1(_CHUNK):  # type: ignore[attr-defined] # a buffered reader
            due = left is not None and len(chunk) >= left
            if due and not cut.target:
                tap.kill()
                due = tap.wait() < 0  # else it has written all, and all is passed on
                left = left if due else None
            chunk = chunk[:left] if due else chunk
            target.stdin.write(chunk)
            target.stdin.flush()
            last = chunk[-1:] or last
            if due:
                break
            left = None if left is None else left - len(chunk)
        else:
            return last == b"\n"
        if cut.target:
            target.kill()
    return last == b"\n"
