"""Columns with personal data are marked, in the catalog and in SCHEMA messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tap_klaviyo.contract import personal
from tap_klaviyo.contract.personal import FREE, PERSONAL, personal_attributes
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import sync

TYPES = json.loads(Path(personal.__file__).with_suffix(".json").read_text("utf-8"))


@pytest.mark.parametrize("kind", TYPES)
def test_every_attribute_of_the_facts_is_a_marked_column(kind):
    found = [
        column
        for stream in TapKlaviyo(config={}).streams.values()
        if isinstance(stream, KlaviyoStream) and stream.spec.record_type == kind
        for column in stream.columns
    ]
    marks = {column.name: column.schema["description"] for column in found if "description" in column.schema}
    assert marks == dict(personal_attributes(kind))


def test_schemas_say_so_to_the_members():
    run = sync(
        Shop(events=5, profiles=3),
        "profiles",
        "events",
        config={"stream_options": {"events": {"include": ["profile"]}}},
    )
    schemas = {one["stream"]: one["schema"]["properties"] for one in run.messages if one["type"] == "SCHEMA"}
    assert schemas["profiles"]["location"]["properties"]["city"]["description"] == PERSONAL
    assert schemas["events"]["profile"]["properties"]["email"]["description"] == PERSONAL
    assert schemas["events"]["event_properties"]["description"] == FREE
    assert "description" not in schemas["profiles"]["created"]
