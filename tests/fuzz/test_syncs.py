"""Whole syncs of streams of every kind, with one endpoint that answers oddly: they end, and each line is JSON."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from functools import cache
from unittest import mock

import jsonschema
from hypothesis import event, given
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sync.failures import in_one_line
from tap_klaviyo.tap import TapKlaviyo
from tests.fuzz import texts
from tests.fuzz.pages import formats, strictly
from tests.fuzz.scale import examples
from tests.streams.syncing import TODAY

STREAMS = [
    *("events", "profiles", "lists", "list_profiles", "flow_messages", "campaign_tags", "profile_suppressions"),
    *("campaign_values_report", "flow_series_report", "orders", "by_flow", "mine", "its_profiles"),
]
CONFIG = {
    "api_url": "sandbox://",
    "retry": 1,
    "retry_backoff_multiplier_ms": 0,
    "retry_backoff_max_ms": 0,
    "max_workers": 2,
    "start_date": "2025-04-01T00:00:00Z",
    "event_streams": [{"name": "orders", "metric": "Placed Order", "schema": {"fields": {"$value": "double"}}}],
    "metric_aggregates": [{"name": "by_flow", "metric": "Placed Order", "by": ["$flow"], "interval": "month"}],
    "custom_streams": [
        {
            "name": "mine",
            "path": "/api/lists",
            "flatten_attributes": True,
            "replication_key": "updated",
            "on_cast_error": "null",
            "schema": {"fields": {"id": "string", "name": "string", "updated": "timestamp"}},
        },
        {"name": "its_profiles", "path": "/api/lists/{id}/profiles", "parent": "lists"},
    ],
}


class Odd(Sandbox):
    """One endpoint, and how many of its answers, are as a test wants them; `answered` keeps the first good ones."""

    def __init__(self, path="", body=b"", times=0):
        super().__init__(SHOP, now=lambda: TODAY)
        self.path, self.body, self.times = path, body, times
        self.answered = {}

    def respond(self, method, target, headers, body=b""):
        response = super().respond(method, target, headers, body)
        path = self.requests[-1].path
        if response.status == 200:
            self.answered.setdefault(path, response.body)
            if path == self.path and self.times:
                self.times -= 1
                return replace(response, body=self.body)
        return response


SHOP = Shop(events=40, profiles=12)


def run(sandbox):
    """The lines of one sync, and the tap that made them."""

    def said(error):
        line = in_one_line(error)
        if line.startswith("unexpected"):
            raise AssertionError(line) from error
        assert "\n" not in line
        return line

    tap = TapKlaviyo(config=CONFIG, now=TODAY)
    for stream in tap.streams.values():
        stream.selected = stream.name in STREAMS
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox),
        mock.patch("tap_klaviyo.sync.failures.in_one_line", said),
        contextlib.redirect_stdout(stdout),
        contextlib.suppress(SystemExit),
    ):
        tap.sync_all()
    assert isinstance(stdout.buffer, io.BytesIO)
    return stdout.buffer.getvalue().splitlines(), tap


@cache
def answered():
    """The first answer of each endpoint, cut to a few rows."""
    sandbox = Odd()
    lines, tap = run(sandbox)
    assert tap.failures == []
    assert {json.loads(line).get("stream") for line in lines} >= set(STREAMS)
    return {path: _cut(json.loads(body)) for path, body in sandbox.answered.items()}


def _cut(answer):
    data = answer["data"]
    if isinstance(data, list):
        return {**answer, "data": data[:2], "included": answer.get("included", [])[:4]}
    for name in ("results", "data"):
        if isinstance(found := data["attributes"].get(name), list):
            data["attributes"][name] = found[:2]
    return answer


@st.composite
def odd(draw):
    path = draw(st.sampled_from(sorted(answered())))
    written = texts.spoilt(answered()[path], texts.values(*texts.BROKEN) | texts.nests(), most=3).map(texts.write)
    torn = texts.torn(json.dumps(answered()[path]).encode()).map(texts.Body)
    return path, draw(written.map(texts.encoded) | torn), draw(st.sampled_from([1, 2, 1_000_000]))


def check(path, body, times):
    lines, tap = run(Odd(path, body, times))
    event("some failed" if tap.failures else "all there")
    validators = {}
    for line in lines:
        message = strictly(line)
        if message["type"] == "SCHEMA":
            schema, keys = message["schema"], message["key_properties"]
            validators[message["stream"]] = jsonschema.Draft202012Validator(schema, format_checker=formats()), keys
        elif message["type"] == "RECORD":
            validator, keys = validators[message["stream"]]
            record = json.loads(line)["record"]
            validator.validate(record)
            assert all(record[key] is not None for key in keys), record


@given(odd())
@examples(15)
def test_a_sync_ends_and_writes_json(found):
    check(*found)
