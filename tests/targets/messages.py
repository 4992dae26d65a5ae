"""The tap as a process of its own, and what it wrote."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TAP = Path(sys.executable).with_name("tap-klaviyo")
SHOP = {"api_url": "sandbox://"}


@dataclass
class Messages:
    """One run's Singer messages, on disk as they were written and by stream."""

    path: Path
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def bookmarks(self) -> dict[str, Any]:
        """What the last STATE says of each stream."""
        bookmarks: dict[str, Any] = self.state.get("bookmarks", {})
        return bookmarks

    def key_values(self, stream: str) -> set[tuple[Any, ...]]:
        """The keys of the stream's records; a record that was written twice counts once."""
        return {tuple(record[name] for name in self.keys[stream]) for record in self.records[stream]}


def run(*args: str) -> str:
    """Start the tap, wait for its end, return what it wrote to stdout; fail with its last words if it failed."""
    done = subprocess.run([TAP, *args], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@functools.cache
def everything_selected() -> dict[str, Any]:
    """The catalog with all streams switched on, those that are off by default too; not to be changed."""
    catalog: dict[str, Any] = json.loads(run("--discover"))
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    return catalog


def sync(
    folder: Path,
    config: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
) -> Messages:
    """Run the tap once, all its files in a folder of its own."""
    folder.mkdir(parents=True)
    args = []
    for name, content in (("config", {**SHOP, **(config or {})}), ("state", state), ("catalog", catalog)):
        if content is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content))
            args += [f"--{name}", str(path)]
    return read(folder / "messages.jsonl", run(*args))


def read(path: Path, text: str) -> Messages:
    """Keep messages in a file, and take them apart."""
    path.write_text(text)
    messages = Messages(path)
    for line in text.splitlines():
        message = json.loads(line)
        match message["type"]:
            case "SCHEMA":
                messages.keys[message["stream"]] = tuple(message["key_properties"])
            case "RECORD":
                messages.records[message["stream"]].append(message["record"])
            case "STATE":
                messages.state = message["value"]
    return messages
