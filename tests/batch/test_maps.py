"""What stream maps, flattening and the compression do to files."""

from __future__ import annotations

import gzip
import json
from unittest import mock
from uuid import uuid4

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem  # type: ignore[import-untyped]
from upath import UPath

from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sync.batches import WholeFile
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


@pytest.fixture
def store(monkeypatch):
    """A folder of a store that shows a file once it is committed, as stores of objects do."""
    plain = MemoryFileSystem._open

    def opened(system, path, mode="rb", *, autocommit=True, **options):
        if autocommit:
            return plain(system, path, mode, **options)
        return MemoryFile(system, path)

    monkeypatch.setattr(MemoryFileSystem, "_open", opened)
    return UPath("memory://batches") / uuid4().hex


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_a_store_of_objects_has_whole_files_alone(store, compression):
    rig = Rig(Shop(events=0, profiles=20))
    messages = rig.messages(rig.tap("profiles", **files.config(store, 7, compression)))
    urls = [url for one in messages if one["type"] == "BATCH" for url in one["manifest"]]
    content = [UPath(url).read_bytes() for url in urls]
    lines = b"".join(map(gzip.decompress, content) if compression == "gzip" else content).splitlines()
    assert sorted(json.loads(line)["id"] for line in lines) == [row.id for row in rig.shop.resources("profile")]

    for name, end in (("finished", WholeFile.finish), ("dropped", WholeFile.discard)):
        file = WholeFile(store, name, compressed=compression == "gzip")
        file.write(b"{}\n")
        assert not (store / name).exists()
        end(file)
    assert {path.name for path in store.iterdir()} == {"finished", *(UPath(url).name for url in urls)}


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_a_file_that_is_dropped_is_discarded_by_the_store(store, compression):
    file = WholeFile(store, "dropped", compressed=compression == "gzip")
    with mock.patch.object(MemoryFile, "discard") as discarded:
        file.discard()
    assert discarded.call_count == 1


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
