"""Failures of the way between the tap and Klaviyo."""

from __future__ import annotations

import pytest

from tap_klaviyo.sandbox.faults import Fault

STREAMS = {"events": "event", "profiles": "profile", "lists": "list"}


def passing(words, fault, does="asks again and loses nothing"):
    return pytest.param(fault, id=fault.kind, marks=pytest.mark.fault("The way", words, does))


def at(kind, value=None):
    """To two requests in a row, and to one later."""
    return Fault(kind, on=frozenset({1, 2, 4}), value=value)


@pytest.mark.parametrize(
    "fault",
    [
        passing("The connection is reset while the answer comes", at("reset")),
        passing("The connection is closed without an answer", at("drop")),
    ],
)
def test_what_passes(machine, klaviyo, url, fault):
    klaviyo.faults.add(fault)
    outcome = machine.sync(url, *STREAMS)
    assert klaviyo.faults.happened == {fault.kind: 3}
    assert outcome.code == 0
    for stream, kind in STREAMS.items():
        assert outcome.ids(stream) == klaviyo.ids(kind)
