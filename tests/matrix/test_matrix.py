"""Every pair of settings on one stream of each kind: the rows are those of a plain sync, changed as the pair says."""

from __future__ import annotations

import contextlib
import copy
import io
import itertools
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest

from tap_klaviyo.polling import Waits, poll
from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sync.endings import RunEnded
from tap_klaviyo.tap import TapKlaviyo
from tests.batch import files
from tests.matrix.options import (
    ADDITIONAL_FIELDS,
    BATCH,
    BROUGHT,
    INCLUDE,
    OPTIONS,
    OWN,
    POLLING,
    REPORT,
    STREAMS,
    Option,
    Table,
    shop,
)
from tests.streams.syncing import TODAY
from tests.targets.messages import sync

if TYPE_CHECKING:
    from collections.abc import Collection

Pair = tuple[Option, ...]
PAIRS = list(itertools.combinations(OPTIONS, 2))
DRAWN = PAIRS[::5]
"""As many as the default suite takes; `pytest -m long tests/matrix` has all."""
TOGETHER = [OPTIONS[first::3] for first in range(3)]


def settings(chosen: Pair, folder: Path) -> dict[str, Any]:
    """The settings of some options together."""
    found: dict[str, Any] = {"api_url": "sandbox://", **OWN, "stream_options": {}}
    for option in chosen:
        for stream, options in option.config.get("stream_options", {}).items():
            found["stream_options"].setdefault(stream, {}).update(options)
        found |= {name: value for name, value in option.config.items() if name != "stream_options"}
    return found | (files.config(folder, 40, "none") if BATCH in chosen else {})


def catalog_of(config: dict[str, Any], chosen: Pair) -> dict[str, Any]:
    """The catalog that selects one stream of each kind, with all its columns but for what the options say."""
    catalog = copy.deepcopy(TapKlaviyo(config=config).catalog_dict)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = entry["tap_stream_id"] in STREAMS
        for option in chosen:
            if option.catalog is not None:
                option.catalog(entry)
    return catalog


def messages(chosen: Pair, folder: Path) -> list[dict[str, Any]]:
    """What a tap writes; with polling in two rounds."""
    config = settings(chosen, folder)
    catalog, sandbox = catalog_of(config, chosen), Sandbox(shop(), now=lambda: TODAY)
    rounds = []

    def round_after(earlier: TapKlaviyo | None, state: dict[str, Any] | None) -> TapKlaviyo:
        tap = TapKlaviyo(config=config, catalog=copy.deepcopy(catalog), state=state, earlier=earlier, now=TODAY)
        rounds.append(tap)
        if len(rounds) > 2:
            tap.stopping.set()
        return tap

    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox), contextlib.redirect_stdout(out):
        tap = round_after(None, None)
        if POLLING in chosen:
            with pytest.raises(RunEnded):
                poll(tap, Waits(interval=0, retry=0, first=0, longest=0), round_after)
        else:
            tap.sync_once()
    assert rounds[0].failures == []
    return [json.loads(line) for line in out.buffer.getvalue().splitlines()]


def rows_of(written: list[dict[str, Any]], chosen: Pair) -> dict[str, list[dict[str, Any]]]:
    """The rows by stream, by key where a row came twice; each has what its SCHEMA message names."""
    if BATCH in chosen:
        found = files.records(written)
    else:
        found = {stream: [] for stream in STREAMS}
        for one in written:
            if one["type"] == "RECORD":
                found[one["stream"]].append(one["record"])
    schemas = {one["stream"]: one for one in written if one["type"] == "SCHEMA"}
    assert sorted(schemas) == sorted(STREAMS)
    last = {}
    for stream, rows in found.items():
        keys = schemas[stream]["key_properties"]
        named = {*schemas[stream]["schema"]["properties"]}
        # An object that is null is not taken apart: its column stays, as with the SDK's flattening.
        assert all(value is None for row in rows for name, value in row.items() if name not in named)
        last[stream] = {tuple(row[name] for name in keys): row for row in rows}
    return {stream: ordered(rows.values()) for stream, rows in last.items()}


def ordered(rows: Collection[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in an order that does not depend on how they were read."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


@cache
def everything() -> dict[str, Table]:
    """The rows of a sync of all that any option brings, with their schemas."""
    chosen = (INCLUDE, ADDITIONAL_FIELDS)
    written = messages(chosen, Path())
    schemas = {one["stream"]: one["schema"]["properties"] for one in written if one["type"] == "SCHEMA"}
    rows = rows_of(written, chosen)
    assert all(len(rows[stream]) > 10 for stream in STREAMS), {stream: len(found) for stream, found in rows.items()}
    return {stream: Table(rows[stream], schemas[stream]) for stream in STREAMS}


def expected(chosen: Pair) -> dict[str, list[dict[str, Any]]]:
    """The rows that these options together should give."""
    found = {}
    for stream, whole in everything().items():
        table = whole.without(
            *[column for one, by in BROUGHT.items() if one not in chosen for column in by.get(stream, ())]
        )
        for option in sorted(chosen, key=lambda one: one.place):
            table = option.rows(stream, table) if option.rows else table
        found[stream] = ordered(table.rows)
    return found


def name(chosen: Pair) -> str:
    return " + ".join(map(repr, chosen))


@pytest.mark.parametrize("chosen", [*DRAWN, *TOGETHER], ids=name)
def test_together(chosen, tmp_path):
    assert rows_of(messages(chosen, tmp_path), chosen) == expected(chosen)


@pytest.mark.long
@pytest.mark.parametrize("chosen", [pair for pair in PAIRS if pair not in DRAWN], ids=name)
def test_every_other_pair(chosen, tmp_path):
    assert rows_of(messages(chosen, tmp_path), chosen) == expected(chosen)


def test_as_a_process(tmp_path):
    """The command line, with all that changes rows at once."""
    chosen = tuple(option for option in OPTIONS if option not in (BATCH, POLLING))
    config = settings(chosen, tmp_path)
    written = sync(tmp_path / "run", config=config, catalog=catalog_of(config, chosen))
    plain = sync(tmp_path / "plain", config=settings((), tmp_path), catalog=catalog_of(settings((), tmp_path), ()))
    assert {*written.records} == {*plain.records} >= {*STREAMS} - {REPORT}  # the shop's last year is over
    for stream in written.records:
        assert written.keys[stream] == ("account_id", *plain.keys[stream])
        assert all("hashed" in row for row in written.records[stream])
