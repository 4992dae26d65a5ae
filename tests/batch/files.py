"""BATCH messages and the files that they name."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Records = dict[str, list[dict[str, Any]]]


def config(folder: Path, size: int) -> dict[str, Any]:
    """The setting that writes gzip JSON lines to a folder."""
    return {
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": "gzip"},
            "storage": {"root": folder.as_uri()},
            "batch_size": size,
        }
    }


def records(messages: Iterable[Mapping[str, Any]]) -> Records:
    """What the files hold that the messages name, by stream."""
    found: Records = defaultdict(list)
    for message in messages:
        assert message["type"] in {"SCHEMA", "BATCH", "STATE"}
        if message["type"] == "BATCH":
            assert message["encoding"] == {"format": "jsonl", "compression": "gzip"}
            for url in message["manifest"]:
                found[message["stream"]] += _lines(url)
    return found


def _lines(url: str) -> Iterator[dict[str, Any]]:
    with gzip.open(urlsplit(url).path, "rt") as file:
        yield from map(json.loads, file)


def promised(messages: Iterable[Mapping[str, Any]], stream: str) -> Iterator[tuple[str, Records]]:
    """For each STATE: the stream's bookmark, and what had been handed over by then."""
    handed_over: Records = defaultdict(list)
    for message in messages:
        for name, rows in records([message]).items():
            handed_over[name] += rows
        bookmark = message.get("value", {}).get("bookmarks", {}).get(stream, {}).get("replication_key_value")
        if bookmark is not None:
            yield bookmark, handed_over
