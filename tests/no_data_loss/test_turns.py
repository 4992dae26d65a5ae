"""Whose turn it is, where the runs before were cut off."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo import sandbox as sandbox_package
from tap_klaviyo.sandbox import Fault
from tap_klaviyo.sync.endings import StoppedByUser
from tap_klaviyo.sync.turns import longest_waiting_first
from tests.no_data_loss.rig import NOON, Rig, text

QUOTA = 86_400  # seconds: nothing is tried again
instants = st.integers(1, 9).map(lambda day: f"2026-03-0{day}T12:00:00+00:00")
values: st.SearchStrategy[object] = instants | st.none() | st.integers() | st.just({})
turns = st.dictionaries(st.sampled_from("abcdef"), values)


@given(st.permutations("abcdef"), turns)
def test_those_that_waited_longest_come_first_and_ties_stay_as_they_are(names, found):
    streams = dict.fromkeys(names, 0)
    bookmarks = {name: {"turn_at": turn} if turn != {} else None for name, turn in found.items()}
    longest_waiting_first(streams, bookmarks)
    keys = [found.get(name) if isinstance(found.get(name), str) else "" for name in streams]
    assert keys == sorted(keys)
    assert sorted(streams) == sorted(names)
    for key in set(keys):
        tied = [name for name, its in zip(streams, keys, strict=True) if its == key]
        assert tied == [name for name in names if name in tied]


class Cut(Rig):
    """A rig whose next run is told to stop after so many answers."""

    def cut_off(self, answers: int, *streams: str) -> None:
        tap = self.tap(*streams, state=self.table.state)
        self.sandbox.schedule.add(lambda _: tap.stopping.set(), after=answers)
        out = io.StringIO()
        with (
            mock.patch.object(sandbox_package, "shared", return_value=self.sandbox),
            contextlib.redirect_stdout(out),
            pytest.raises(StoppedByUser),
        ):
            tap.sync_once()
        for line in out.getvalue().splitlines():
            self.table.apply(json.loads(line))


def test_what_a_run_did_not_come_to_is_first_in_the_next_one():
    rig = Cut()
    names = ("lists", "segments", "tags")
    for kind in ("list", "segment", "tag"):
        rig.put(kind, "x", name="", updated="2026-01-01T00:00:00+00:00")
    rig.cut_off(2, *names)
    assert rig.bookmarks["lists"]["turn_at"]
    assert not rig.bookmarks.get("segments", {}).get("turn_at")
    rig.sandbox.reset()
    for expected in (["segments", "tags", "lists"], list(names)):
        rig.later(minutes=5)
        run = rig.sync(*names)
        assert not run.failures
        assert [one["stream"] for one in run.messages if one["type"] == "SCHEMA"] == expected


def test_a_first_read_that_is_cut_off_does_not_look_for_all_that_is_new_since_its_place():
    rig = Cut()
    for number in range(40):
        when = text(NOON - timedelta(days=60 - number))
        rig.put("profile", f"p{number:02}", email="", created=when, updated=when)
    options = {"stream_options": {"profiles": {"page_size": 3}}, "max_workers": 1, "retry": 0}
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({6}), value=QUOTA, path="/api/profiles"))
    assert rig.sync("profiles", **options).failures
    rig.sandbox.reset()
    rig.later(minutes=5)
    run = rig.sync("profiles", **options)
    assert not run.failures
    assert len(rig.rows("profiles")) == 40
    (asked,) = [one.query for one in rig.sandbox.requests if "greater-than%28created" in one.query]
    assert "2026-03-01" in asked, "since the first run began"
