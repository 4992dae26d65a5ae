"""Whatever a state holds, it is gone on from or refused in one line; a bookmark never passes the sync's start."""

from __future__ import annotations

import json
from functools import cache
from unittest import mock

from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from tap_klaviyo.contract.timestamps import parse_instant
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sync.bookmarks import Bookmark
from tap_klaviyo.sync.failures import in_one_line
from tap_klaviyo.sync.saved import BrokenStateError, Saved
from tap_klaviyo.tap import TapKlaviyo
from tests.fuzz import texts
from tests.fuzz.scale import examples
from tests.streams.syncing import TODAY, sync

STREAMS = ["events", "profiles", "lists", "flow_actions", "list_profiles", "campaign_values_report", "accounts"]
OTHER_TAPS = {
    "bookmarks": {
        "lists": {
            "partitions": [
                {
                    "context": {"a": 1},
                    "replication_key": "updated",
                    "replication_key_value": "2024-01-01T00:00:00Z",
                    "progress_markers": {"Note": "x", "replication_key_value": "2024-01-01T00:00:00Z"},
                }
            ]
        },
        "campaigns": {"replication_key": "updated_at", "replication_key_value": "2024-01-01T00:00:00+00:00"},
        "events": {
            "replication_key": "timestamp",
            "replication_key_value": "2024-01-01 00:00:00",
            "starting_replication_value": 1,
        },
        "a_stream_of_another_tap": {"anything": [1]},
    },
    "currently_syncing": "lists",
}
STAMPS = [
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2024-02-30T00:00:00Z",
    "2024-01-01",
    "1700000000",
    "after",
    "",
]
VALUES = texts.values(*(json.dumps(stamp) for stamp in [*STAMPS, TODAY.isoformat()]))
SANDBOX = Sandbox(Shop(events=30, profiles=20), now=lambda: TODAY)


BOUNDS = {"start_date": "0001-01-01T00:00:00Z", "end_date": "2024-03-01T00:00:00Z"}
LONG_AGO = {
    "bookmarks": {
        name: {"replication_key_value": "0001-01-01T00:00:00Z", "lookback_at": "0001-01-01T00:00:00Z"}
        for name in ("events", "profiles", "lists")
    }
}


@cache
def states():
    """The state of a whole sync, that of one that was under way, and one of another tap."""
    first = sync(SANDBOX, *STREAMS).state
    under_way = {"until": "2024-06-01T00:00:00+00:00", "after_parent": "A"}
    return (
        first,
        {"bookmarks": {"flow_actions": {"fan_out": under_way}, "list_profiles": {"fan_out": under_way}}},
        OTHER_TAPS,
    )


@st.composite
def spoilt(draw):
    found = json.loads(texts.write(draw(texts.spoilt(draw(st.sampled_from(states())), VALUES))), parse_int=_int)
    assume(isinstance(found, dict))  # the command line takes nothing else
    return found


def _int(text):
    return int(text) if len(text) < 4300 else 10**300


def followed(follow):
    try:
        follow()
    except BrokenStateError as refusal:
        line = in_one_line(refusal)
        assert "\n" not in line
        assert "state" in line
        event("refused")
        return False
    event("followed")
    return True


@given(spoilt(), st.sampled_from([{}, BOUNDS]))
@example(LONG_AGO, {})
@example(LONG_AGO, BOUNDS)
@examples(60)
def test_every_stream_s_range(state, bounds):
    def follow():
        tap = TapKlaviyo(config={"api_url": "sandbox://", **bounds}, state=state, now=TODAY)
        for stream in tap.klaviyo_streams():
            reading = stream.range(Saved.of(stream.stream_state, stream.name), TODAY)
            assert reading.until <= TODAY
            assert reading.lower is None or reading.upper is None or reading.empty or reading.lower < reading.upper
            Bookmark(stream.stream_state, stream.declared_replication_key, reading, stream.name).begin()
            if reading.from_the_future:
                assert parse_instant(str(stream.stream_state["replication_key_value"])) <= TODAY

    followed(follow)


@given(spoilt())
@examples(12)
def test_a_sync_goes_on_from_it(state):
    found = []

    def said(error):
        line = in_one_line(error)
        if line.startswith("unexpected"):
            raise AssertionError(line) from error
        return line

    def follow():
        with mock.patch("tap_klaviyo.sync.failures.in_one_line", said):
            found.append(sync(SANDBOX, *STREAMS, state=state))

    if followed(follow):
        bookmarks = found[0].state["bookmarks"]
        for name in STREAMS:
            value = bookmarks.get(name, {}).get("replication_key_value")
            assert value is None or parse_instant(value) <= TODAY
