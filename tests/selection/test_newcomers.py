"""An attribute that Klaviyo adds: said once, not loaded, and in nobody's way."""

from __future__ import annotations

import json
import re
from unittest import mock

from tap_klaviyo import contract
from tap_klaviyo.records.jsonapi import Resource, UnreadableBodyError
from tap_klaviyo.records.schema_drift import newcomers
from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.streams.registry import STREAMS
from tests.selection.syncing import discovered, keeping, only, sync


class Newer(Sandbox):
    """Klaviyo after a change: profiles, included ones too, have one more attribute unless `fields` are named."""

    def handle(self, method, target, headers, body=b""):
        status, answer_headers, content = super().handle(method, target, headers, body)
        document = json.loads(content)
        data = document.get("data") or []
        for resource in [*(data if isinstance(data, list) else [data]), *document.get("included", ())]:
            if resource["type"] == "profile" and not re.search(r"[?&]fields%5Bprofile%5D", target):
                resource["attributes"]["star_sign"] = {"name": "Lion"}
        return status, answer_headers, json.dumps(document).encode()


def told(caplog) -> list[str]:
    return [line for line in caplog.messages if "star_sign" in line]


def test_it_is_said_once_and_left_out(shop, catalog, caplog):
    found = sync(Newer(shop), only(catalog, "profiles"), stream_options={"profiles": {"page_size": 10}})
    what = "profiles: Klaviyo sent fields of profile that this version does not know, which are not loaded: star_sign;"
    assert told(caplog) == [f"{what} upgrade tap-klaviyo to load them"]
    assert len(found.records["profiles"]) == len(shop.resources("profile"))
    assert all("star_sign" not in record for record in found.records["profiles"])
    assert found.records == sync(Sandbox(shop), only(catalog, "profiles")).records


def test_it_is_noticed_in_included_resources_too(shop, caplog):
    options = {"events": {"include": ["profile"]}}
    found = sync(Newer(shop), only(discovered(stream_options=options), "events"), stream_options=options)
    assert len(told(caplog)) == 1
    assert all("star_sign" not in (record["profile"] or {}) for record in found.records["events"])


def test_with_named_fields_it_never_comes(shop, catalog, caplog):
    sync(Newer(shop), keeping(catalog, "profiles", ["id", "updated", "email"]))
    assert told(caplog) == []


def test_a_page_that_cannot_be_looked_at_is_read_all_the_same(shop, catalog, monkeypatch):
    plain = sync(Sandbox(shop), only(catalog, "profiles"))
    monkeypatch.setattr("tap_klaviyo.records.schema_drift.parse_document", mock.Mock(side_effect=UnreadableBodyError))
    found = sync(Newer(shop), only(catalog, "profiles"))
    assert found.records == plain.records
    assert len(found.requests) == len(plain.requests)


def test_nothing_is_said_of_a_resource_of_which_nothing_is_known():
    found = [Resource("1", "star-sign", {"name": "Lion"}), Resource("2", "profile", {"star_sign": "Lion"})]
    assert newcomers(found, contract.newest().endpoint("/api/profiles")) == {"profile": {"star_sign"}}


def test_nothing_is_said_of_what_is_known(shop, catalog, caplog):
    found = sync(Sandbox(shop), only(catalog, *(stream.name for stream in STREAMS)))
    assert len(found.records) > 50
    assert not [line for line in caplog.messages if "does not know" in line]
