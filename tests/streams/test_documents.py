"""What discovery lists is what Klaviyo's documents have."""

from __future__ import annotations

import json

from tap_klaviyo.tap import TapKlaviyo
from tests.streams.documents import CLASSIC, DOCUMENTS, NEWEST, expected, readable


def test_the_documents_are_read_whole():
    gained = readable(DOCUMENTS[NEWEST]) - readable(DOCUMENTS[CLASSIC])
    assert {"campaign-audience", "campaign-variation", "translation", "brand-voice", "billing-usage"} <= gained
    assert readable(DOCUMENTS[CLASSIC]) <= readable(DOCUMENTS[NEWEST])


def test_discovery_lists_every_readable_type():
    catalog = json.loads(TapKlaviyo(config={"api_url": "sandbox://"}).catalog_json_text)
    listed = {entry["tap_stream_id"]: entry["key_properties"] for entry in catalog["streams"]}
    assert expected().keys() - listed.keys() == set()
    assert {name for name, keys in listed.items() if keys == ["id"]} == expected().keys()
