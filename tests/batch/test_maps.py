"""What stream maps, flattening and the compression do to files."""

from __future__ import annotations

import json
from unittest import mock

import pytest

from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sync.emitter import Emitter
from tests.batch import files
from tests.no_data_loss.rig import Rig

MAPS = {"profiles": {"email": "md5(email)", "phone_number": None, "location": "__NULL__"}}


def plain_records(messages, stream):
    return [one["record"] for one in messages if one["type"] == "RECORD" and one["stream"] == stream]


@pytest.mark.parametrize(
    "shaping",
    [
        {"stream_maps": MAPS},
        {"flattening_enabled": True, "flattening_max_depth": 2},
        {"stream_maps": MAPS, "flattening_enabled": True, "flattening_max_depth": 1},
        {"stream_maps": {"profiles": {"__filter__": "last_name == 'Lovelace'", "name": "record['last_name'].upper()"}}},
        {"stream_maps": {"profiles": {"__alias__": "people"}}},
        {"stream_maps": {"profiles": MAPS["profiles"], "addresses": {"__source__": "profiles", "at": "location"}}},
    ],
)
def test_files_hold_what_messages_would(tmp_path, shaping):
    rig = Rig(Shop())
    messages = rig.messages(rig.tap("profiles", **shaping))
    found = files.records(rig.messages(rig.tap("profiles", **shaping, **files.config(tmp_path, 70))))
    streams = {one["stream"] for one in messages if one["type"] == "SCHEMA"}
    assert {*found} == streams
    for stream in streams:
        assert found[stream] == plain_records(messages, stream)
        assert len(found[stream]) > 70


def test_what_a_map_removes_is_in_no_file(tmp_path):
    rig = Rig(Shop())
    emails = {row.attributes["email"] for row in rig.shop.resources("profile")} - {None}
    rig.messages(rig.tap("profiles", stream_maps=MAPS, **files.config(tmp_path, 50, "none")))
    written = "".join(path.read_text() for path in tmp_path.iterdir())
    assert emails
    assert not [email for email in emails if json.dumps(email) in written]


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_files_are_compressed_as_they_say(tmp_path, compression):
    rig = Rig(Shop())
    messages = rig.messages(rig.tap("lists", **files.config(tmp_path, 3, compression)))
    said = {one["encoding"]["compression"] for one in messages if one["type"] == "BATCH"}
    assert said == {compression}
    assert {row["id"] for row in files.records(messages)["lists"]} == {row.id for row in rig.shop.resources("list")}
    suffix = {"gzip": ".json.gz", "none": ".json"}[compression]
    assert all(path.name.endswith(suffix) for path in tmp_path.iterdir())


def test_an_unexpected_end_leaves_no_part_of_a_file(tmp_path):
    rig = Rig(Shop())
    after, counts = Emitter._after, []

    def broken(emitter, page):
        after(emitter, page)
        counts.append(page.count)
        if sum(counts) > 500:
            raise ZeroDivisionError

    tap = rig.tap("events", stream_options={"events": {"page_size": 90}}, **files.config(tmp_path, 200))
    with mock.patch.object(Emitter, "_after", broken):
        messages = rig.messages(tap)
    assert tap.failures == ["events"]
    named = [url.rsplit("/", 1)[1] for one in messages if one["type"] == "BATCH" for url in one["manifest"]]
    assert named
    assert {path.name for path in tmp_path.iterdir()} == {*named}
