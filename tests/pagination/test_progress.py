"""What a person sees of a sync."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tap_klaviyo.http import Tally
from tap_klaviyo.records.page import Page
from tap_klaviyo.sync.progress import Progress
from tap_klaviyo.sync.range import Range
from tap_klaviyo.sync.units import duration, size

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def progress(clock: Clock, lower: datetime | None = BEGIN, *, terminal: bool = False) -> Progress:
    until = BEGIN + timedelta(days=10)
    return Progress("events", Range(lower, None, until), Tally(), terminal=terminal, clock=clock)


def page(day: int) -> Page:
    instant = BEGIN + timedelta(days=day)
    return Page(count=1000, oldest=instant - timedelta(hours=1), newest=instant)


def test_a_log_gets_a_line_every_30_seconds(caplog):
    clock = Clock()
    shown = progress(clock)
    with caplog.at_level(logging.INFO):
        for day in range(1, 6):
            clock.now += 10
            shown.after(page(day))
    assert [record.getMessage() for record in caplog.records] == [
        "events: 30% of the time range, 3,000 records, 100 records/s, waited 0 s for limits, about 70 s left"
    ]


def test_without_a_lower_bound_the_first_row_is_it():
    clock = Clock()
    shown = progress(clock, None)
    shown.after(page(0))
    clock.now = 50
    shown.after(page(5))
    assert shown.share == pytest.approx(0.5, abs=0.01)


def test_a_stream_that_is_not_read_by_time_has_no_share():
    shown = progress(Clock(), None)
    shown.after(Page(count=3))
    assert shown.share is None
    assert shown.line() == "3 records, 0 records/s, waited 0 s for limits"


def test_a_future_row_is_not_more_than_all():
    shown = progress(Clock())
    shown.after(page(4000))
    assert shown.share == 1.0


def test_a_terminal_gets_a_bar(capsys):
    clock = Clock()
    shown = progress(clock, terminal=True)
    clock.now = 1
    shown.after(page(5))
    shown.close()
    error = capsys.readouterr().err
    assert "events  50%" in error
    assert "1,000 records" in error


def test_a_fan_out_counts_its_parents(caplog):
    clock = Clock()
    shown = Progress("flow_messages", Range(None, None, BEGIN), Tally(), "stream 3 of 9", terminal=False, clock=clock)
    with caplog.at_level(logging.INFO):
        shown.after(Page(parents=160))
        for number in range(64):
            clock.now += 0.5
            shown.after(Page(count=2, finished_parent=str(number)))
    assert caplog.messages == [
        "flow_messages: stream 3 of 9, 60/160 parents, 120 records, 4 records/s, waited 0 s for limits, about 50 s left"
    ]


def test_no_more_was_waited_than_time_has_passed():
    clock, tally = Clock(), Tally()
    tally.add(waited=500)  # in the background, before the turn of the stream
    shown = Progress("events", Range(BEGIN, None, BEGIN), tally, terminal=False, clock=clock)
    clock.now = 10
    tally.add(waited=24)  # of several threads
    assert "waited 10 s" in shown.line()


def test_numbers_for_people():
    assert [duration(seconds) for seconds in (0, 89, 90, 3600, 36_000)] == ["0 s", "89 s", "2 min", "60 min", "10.0 h"]
    assert [size(count) for count in (999, 1_500, 2.5e6, 7e15)] == ["999 B", "1.5 kB", "2.5 MB", "7000.0 TB"]
