"""How these tests sync: in this process, from a sandbox of their own, with what was asked and said kept."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import parse_qsl

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo
from tests import catalogs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

URL = {"api_url": "sandbox://"}


@dataclass
class Synced:
    """What came of a sync, by stream, and its requests as (path template, parameters)."""

    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)
    bookmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of the first pages of a path, without those that say how it is read."""
        reading = {"filter", "sort", "page[size]"}
        return [
            {name: value for name, value in params.items() if name not in reading}
            for template, params in self.requests
            if template == path and "page[cursor]" not in params
        ]


def small_shop() -> Shop:
    return Shop(events=300, profiles=60)


def discovered(**config: Any) -> dict[str, Any]:
    """The catalog of a tap with these settings."""
    return catalogs.discovered({**URL, **config})


def only(catalog: Mapping[str, Any], *streams: str) -> dict[str, Any]:
    """The catalog with just these streams, selected."""
    found = [copy.deepcopy(entry) for entry in catalog["streams"] if entry["tap_stream_id"] in streams]
    for entry in found:
        catalogs.root(entry)["selected"] = True
    return {"streams": found}


def select(catalog: Mapping[str, Any], stream: str, selected: Mapping[str, bool]) -> dict[str, Any]:
    """The catalog with properties of one stream selected or not, by dotted name."""
    return chosen(catalog, {stream: selected})


def chosen(catalog: Mapping[str, Any], choices: Mapping[str, Mapping[str, bool]]) -> dict[str, Any]:
    """The same for several streams at once."""
    found = copy.deepcopy(dict(catalog))
    for entry in found["streams"]:
        selected = choices.get(entry["tap_stream_id"], {})
        for item in entry["metadata"]:
            name = ".".join(item["breadcrumb"][1::2])
            if name in selected:
                item["metadata"]["selected"] = selected[name]
    return found


def keeping(catalog: Mapping[str, Any], stream: str, names: Iterable[str]) -> dict[str, Any]:
    """The catalog with this stream alone, and of it these top-level properties alone, whole."""
    kept = set(names)
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    paths = [".".join(item["breadcrumb"][1::2]) for item in entry["metadata"] if item["breadcrumb"]]
    return select(only(catalog, stream), stream, {path: path.split(".")[0] in kept for path in paths})


def sync(sandbox: Sandbox | None = None, catalog: Mapping[str, Any] | None = None, **config: Any) -> Synced:
    """Sync once."""
    sandbox = sandbox or Sandbox(small_shop())
    before = len(sandbox.requests)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox), contextlib.redirect_stdout(out):
        tap = TapKlaviyo(config={**URL, **config}, catalog=copy.deepcopy(dict(catalog)) if catalog else None)
        tap.sync_once()
    out.flush()
    found = Synced(failures=tap.failures)
    for line in out.buffer.getvalue().splitlines():
        message = json.loads(line)
        if message["type"] == "SCHEMA":
            found.schemas[message["stream"]] = message["schema"]
            found.keys[message["stream"]] = message["key_properties"]
        elif message["type"] == "STATE":
            found.bookmarks = message["value"].get("bookmarks", {})
        elif message["type"] == "RECORD":
            found.records.setdefault(message["stream"], []).append(message["record"])
    found.requests = [(logged.path, dict(parse_qsl(logged.query))) for logged in list(sandbox.requests)[before:]]
    assert sandbox.refused == 0
    return found
