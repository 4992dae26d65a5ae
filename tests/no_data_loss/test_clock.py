"""Klaviyo's clock decides what is read and how far bookmarks go, whatever the host's says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tap_klaviyo.contract.timestamps import parse_instant
from tests.no_data_loss.rig import NOON, Rig, text


def bookmark(rig, stream):
    return parse_instant(rig.table.state["bookmarks"][stream]["replication_key_value"])


@pytest.mark.parametrize("seconds", [-3600, -45, -3, 3, 12, 45, 3600])
@pytest.mark.parametrize("stream", ["flows", "templates", "profiles"])
def test_rows_of_the_seconds_that_the_host_is_off_are_read_by_the_next_run(stream, seconds):
    rig = Rig()
    rig.ahead = timedelta(seconds=seconds)
    kind = stream.removesuffix("s")
    rig.put(kind, "before", name="a", archived=False, updated=text(NOON - timedelta(minutes=5)))
    assert rig.sync(stream).failures == []
    assert bookmark(rig, stream) <= NOON
    rig.later(seconds=max(seconds, 0) + 1)
    rig.put(kind, "after", name="b", archived=False, updated=text(rig.now - timedelta(milliseconds=500)))
    rig.later(minutes=5)
    assert rig.sync(stream).failures == []
    assert {key for (key,) in rig.table.rows[stream]} == {"before", "after"}


def test_a_wrong_clock_is_said_once(caplog):
    rig = Rig()
    rig.ahead = timedelta(seconds=90)
    rig.sync("flows", "lists")
    said = [line for line in caplog.messages if "clock" in line]
    assert len(said) == 1
    assert said[0].startswith("the host's clock is 9")
    assert said[0].endswith(" s ahead of Klaviyo's, whose time is used; set the clock")
