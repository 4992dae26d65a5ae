"""BATCH messages and the files that they name."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from upath import UPath

Records = dict[str, list[dict[str, Any]]]


def config(folder: Path | UPath, size: int, compression: str = "gzip") -> dict[str, Any]:
    """The setting that writes JSON lines to a folder."""
    return {
        "batch_config": {
            "encoding": {"format": "jsonl", "compression": compression},
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
            assert message["encoding"]["format"] == "jsonl"
            for url in message["manifest"]:
                found[message["stream"]] += _lines(url, message["encoding"]["compression"])
    return found


def _lines(url: str, compression: str) -> Iterator[dict[str, Any]]:
    content = Path(urlsplit(url).path).read_bytes()
    yield from map(json.loads, (gzip.decompress(content) if compression == "gzip" else content).splitlines())


def promised(messages: Iterable[Mapping[str, Any]], stream: str) -> Iterator[tuple[str, Records]]:
    """For each STATE: the stream's bookmark, and what had been handed over by then."""
    handed_over: Records = defaultdict(list)
    for message in messages:
        for name, rows in records([message]).items():
            handed_over[name] += rows
        bookmark = message.get("value", {}).get("bookmarks", {}).get(stream, {}).get("replication_key_value")
        if bookmark is not None:
            yield bookmark, handed_over
