from __future__ import annotations

import contextlib
import io
import json
import signal
from datetime import datetime
from unittest import mock

import pytest

from tap_klaviyo import sandbox as sandbox_package
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sync.emitter import Emitter
from tap_klaviyo.sync.endings import StoppedByUser
from tests.batch import files
from tests.no_data_loss.rig import Rig

SMALL_PAGES = {"events": {"page_size": 90}}


def in_order(rows):
    return sorted(rows, key=json.dumps)


def instant(text):
    return datetime.fromisoformat(text)


@pytest.fixture(scope="module")
def batched(in_files):
    """The messages of a sync in files of 250 records."""
    return [json.loads(line) for line in in_files.path.read_text().splitlines()]


def test_the_files_hold_what_plain_messages_would(plain, batched):
    found = files.records(batched)
    written = {name: rows for name, rows in plain.records.items() if rows}
    assert {*found} == {*written}
    for stream, rows in written.items():
        assert in_order(found[stream]) == in_order(rows), stream


def test_files_have_the_size_that_was_asked_for(batched):
    sizes = [len(files.records([one])["events"]) for one in batched if one.get("stream") == "events"]
    assert max(sizes) == 250
    assert len(sizes) > 10


@pytest.mark.parametrize(("stream", "key"), [("events", "datetime"), ("profiles", "updated"), ("lists", "updated")])
def test_no_state_is_ahead_of_the_batches(plain, batched, stream, key):
    states = 0
    for bookmark, handed_over in files.promised(batched, stream):
        due = {row["id"] for row in plain.records[stream] if instant(row[key]) < instant(bookmark)}
        assert due <= {row["id"] for row in handed_over[stream]}
        states += 1
    assert states > 1


@pytest.mark.parametrize("streams", [("lists", "list_profiles"), ("campaigns",), ("forms",)])
def test_the_last_state_is_that_of_a_plain_sync(tmp_path, streams):
    rig = Rig(Shop())
    # A record a file: the end of the stream is known after its last file only.
    messages = rig.messages(rig.tap(*streams, **files.config(tmp_path, 1)))
    assert messages[-1] == rig.messages(rig.tap(*streams))[-1]
    assert files.records(messages)[streams[-1]]


def test_what_is_stopped_says_no_more_than_its_files_hold_and_goes_on_from_there(tmp_path):
    rig = Rig(Shop())
    stopped = rig.tap("events", "forms", stream_options=SMALL_PAGES, **files.config(tmp_path, 1000))
    after, pages = Emitter._after, []

    def signalled(emitter, page):
        after(emitter, page)
        pages.append(page)
        if len(pages) == 5:
            stopped.stopping.by(signal.SIGTERM)

    out = io.StringIO()
    with (
        mock.patch.object(Emitter, "_after", signalled),
        mock.patch.object(sandbox_package, "shared", return_value=rig.sandbox),
        contextlib.redirect_stdout(out),
        pytest.raises(StoppedByUser) as end,
    ):
        stopped.sync_once()
    assert end.value.code == 143
    messages = [json.loads(line) for line in out.getvalue().splitlines()]
    first = files.records(messages)
    assert messages[-1]["type"] == "STATE"
    assert {*first} == {"events"}
    assert [row["id"] for row in first["events"]] != []
    for bookmark, handed_over in files.promised(messages, "events"):
        due = {row.id for row in rig.shop.resources("event") if instant(row.attributes["datetime"]) < instant(bookmark)}
        assert due <= {row["id"] for row in handed_over["events"]}

    goes_on = rig.tap("events", "forms", state=messages[-1]["value"], **files.config(tmp_path, 1000))
    second = files.records(rig.messages(goes_on))
    known, new = ({row["id"] for row in one["events"]} for one in (first, second))
    assert known | new == {row.id for row in rig.shop.resources("event")}
    assert known - new
    assert second["forms"]
