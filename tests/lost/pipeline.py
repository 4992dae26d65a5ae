"""The tap and a target as processes, with a pipe between them, and ways to end them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.targets.messages import TAP

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Sandbox

STREAMS = (
    *("events", "profiles", "campaigns", "flows", "flow_messages", "lists", "list_profiles", "segments", "templates"),
    *("reviews", "profile_suppressions", "metrics", "catalog_items", "campaign_tags", "images", "coupon_codes"),
)
UPSERTING = [sys.executable, str(Path(__file__).with_name("upserting.py"))]


def catalog_of(streams: tuple[str, ...]) -> dict[str, Any]:
    """The catalog with these streams selected and no other."""
    done = subprocess.run([TAP, "--discover"], check=True, capture_output=True, text=True)
    catalog: dict[str, Any] = json.loads(done.stdout)
    for entry in catalog["streams"]:
        (whole,) = (part for part in entry["metadata"] if part["breadcrumb"] == [])
        whole["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


@dataclass
class Pipeline:
    """One tap, one target and the files between two runs."""

    folder: Path
    url: str
    catalog: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)

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
    def command(self) -> list[str]:
        """Start the tap where the state leaves off."""
        command = [str(TAP), "--config", f"{self.folder}/config.json", "--catalog", f"{self.folder}/catalog.json"]
        return [*command, "--state", str(self.state)] if self.state.exists() else command

    def start(self, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start the tap alone; what it says goes to a log."""
        with (self.folder / "tap.log").open("wb") as log:
            return subprocess.Popen(self.command, stdout=stdout, stderr=log)

    def run(
        self, sandbox: Sandbox, *, kill_after: int | None = None, by: int = signal.SIGKILL, dies_after: int = 0
    ) -> tuple[int, int]:
        """Run both to their ends; return the exit codes of tap and target.

        ``kill_after``: the number of requests after which the tap gets the signal ``by``. ``dies_after``: the number
        of lines after which the target kills itself.
        """
        tap = self.start()
        if kill_after is not None:
            sandbox.schedule.add(lambda _: os.kill(tap.pid, by), after=kill_after)
        command = [*UPSERTING, str(self.folder / "table.sqlite"), str(self.state), str(dies_after)]
        target = subprocess.Popen(command, stdin=tap.stdout, stderr=subprocess.DEVNULL)
        assert tap.stdout is not None
        tap.stdout.close()
        codes = tap.wait(), target.wait()
        sandbox.schedule.clear()
        return codes

    @property
    def log(self) -> list[str]:
        """What the tap said of errors."""
        lines = (self.folder / "tap.log").read_text().splitlines()
        return [line for line in lines if "INFO" not in line and "WARNING" not in line]

    def table(self) -> dict[tuple[str, str], str]:
        """Every row that the target holds, whole."""
        with closing(sqlite3.connect(self.folder / "table.sqlite")) as connection:
            return {(stream, key): record for stream, key, record in connection.execute("select * from records")}
