"""What is passed on as it came is what a conversion would have made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw

from tap_klaviyo.records.coerce import conformer
from tap_klaviyo.records.exact import exact

DATE_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
MARKETING: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {
        "consent": {"type": ["string", "null"]},
        "at": DATE_TIME,
        "receives": {"type": ["boolean", "null"]},
        "count": {"type": ["integer", "null"]},
        "where": {"type": ["number", "string", "null"]},
        "free": {"type": ["object", "null"], "additionalProperties": True},
        "any": {},
        "reasons": {
            "type": ["array", "null"],
            "items": {
                "type": ["object", "null"],
                "properties": {"reason": {"type": ["string", "null"]}, "at": DATE_TIME},
            },
        },
    },
}
SCHEMA: dict[str, Any] = {"type": ["object", "null"], "properties": {"email": MARKETING, "sms": MARKETING}}
FITTING: dict[str, Any] = {
    "consent": "SUBSCRIBED",
    "at": "2024-01-31T10:00:00+00:00",
    "receives": True,
    "count": 10**13,
    "where": 52.5,
    "free": {"a": [1, None]},
    "any": "x",
    "reasons": [{"reason": "HARD_BOUNCE", "at": None}],
}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "12", "true", "2024-02-29T10:00:00+00:00", "2023-02-29T10:00:00+00:00", "2024-05-01"])
    | st.datetimes().map(lambda at: at.isoformat(timespec="seconds") + "+00:00")
    | st.text(max_size=4)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["reason", "at", "email", "new"]), inner, max_size=2)
    ),
    max_leaves=5,
)
MEMBERS = st.dictionaries(st.sampled_from([*FITTING, "new"]), VALUES, max_size=3)


@given(st.sampled_from(["email", "sms", "whatsapp"]), MEMBERS | VALUES)
@example("email", {"at": "2100-02-29T10:00:00+00:00"})
@example("email", {"count": 1.0})
def test_what_fits_needs_no_conversion(channel, change):
    value = {channel: {**FITTING, **change} if isinstance(change, dict) else change}
    raw = Raw(json.dumps(value).encode())
    odd: list[str] = []
    converted = conformer(SCHEMA, None, odd.append)(value)
    if exact(SCHEMA)(raw):
        assert converted == value
        assert odd == []


@pytest.mark.parametrize(
    "change",
    [{}, {"new": {"deep": [1.5]}}, {"at": None, "where": "52.5"}, {"reasons": []}, {"at": "2023-02-28T23:59:59+00:00"}],
)
def test_what_klaviyo_sends_fits(change):
    assert exact(SCHEMA)(Raw(json.dumps({"email": {**FITTING, **change}, "sms": None}).encode()))


@pytest.mark.parametrize(
    "text",
    [
        '{"email":[]}',
        '{"email":{"consent":1}}',
        '{"email":{"at":"2024-01-31 10:00:00+00:00"}}',
        '{"email":{"at":"2024-02-30T10:00:00+00:00"}}',
        '{"email":{"where":true}}',
        '{"email":{"receives":1}}',
        '{"email":{"count":true}}',
        '{"email":{"count":1.5}}',
        '{"email":{"reasons":{"reason":"x"}}}',
        '{"email":{"new":1e999}}',
        '{"new":1e999}',
    ],
)
def test_what_has_to_be_converted_does_not_fit(text):
    assert not exact(SCHEMA)(Raw(text.encode()))
