"""What a person sees of a sync."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from tap_klaviyo.http import Tally
from tap_klaviyo.records.page import Page
from tap_klaviyo.sync.progress import Progress, duration, size, summary
from tap_klaviyo.sync.range import Range

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
        "events: 30% of the time range, 3,000 records, 0.1 pages/s, waited 0 s for limits, about 70 s left"
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
    assert shown.line() == "3 records, 0.0 pages/s, waited 0 s for limits"


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


def test_the_table_at_the_end():
    tally = Tally()
    tally.add(requests=254, received=280_100_000, retries=2, waited=180)
    title, line = summary([("events", 200_000, tally)])
    assert title.split() == ["stream", "records", "requests", "received", "retries", "waited"]
    assert line.split() == ["events", "200,000", "254", "280.1", "MB", "2", "3", "min"]


def test_numbers_for_people():
    assert [duration(seconds) for seconds in (0, 89, 90, 3600, 36_000)] == ["0 s", "89 s", "2 min", "60 min", "10.0 h"]
    assert [size(count) for count in (999, 1_500, 2.5e6, 7e15)] == ["999 B", "1.5 kB", "2.5 MB", "7000.0 TB"]
