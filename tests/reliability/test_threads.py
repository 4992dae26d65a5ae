"""The system starts few threads, or none: what there is reads everything."""

from __future__ import annotations

import signal
import threading
from unittest import mock

import pytest

from tap_klaviyo.records.record_format import RecordFormat
from tap_klaviyo.sandbox.faults import Fault
from tests.reliability.test_signals import BEGINNING, Moment, ended

STREAMS = ("lists", "list_profiles", "events")


def row(what, does):
    return pytest.mark.fault("The process and its settings", what, does)


def few_threads(count):
    """Lets the tap start so many threads and no more; the server's own are not counted."""
    genuine, left = threading.Thread.start, [count]

    def start(thread):
        if not thread.name.startswith("Thread-"):
            if not left[0]:
                message = "can't start new thread"
                raise RuntimeError(message)
            left[0] -= 1
        genuine(thread)

    return mock.patch.object(threading.Thread, "start", start)


@pytest.mark.parametrize("count", [0, 1, 3])
@row("The system starts no more threads", "Those that there are read everything; exit 0")
def test_few_threads(machine, url, count):
    whole = machine.sync(url, *STREAMS)
    with few_threads(count):
        outcome = machine.sync(url, *STREAMS)
    assert (outcome.code, outcome.complaints) == (0, [])
    for stream in STREAMS:
        found, wanted = ([str(record) for record in run.records(stream)] for run in (outcome, whole))
        assert sorted(found) == sorted(wanted)
        assert wanted
    assert outcome.state.keys() == whole.state.keys()


@row("A stream fails while there are no threads", "One line; the others are read; exit 1")
def test_a_failure_without_threads(machine, klaviyo, url):
    klaviyo.faults.add(Fault("error", rate=1.0, value=400, path="/api/lists"))
    with few_threads(0):
        outcome = machine.sync(url, "lists", "segments")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: ")
    assert outcome.ids("segments") == klaviyo.ids("segment")


@row("A signal while there are no threads", "The state is written, one line; exit 143, 130 or 129")
def test_a_signal_without_threads(machine, klaviyo, url):
    moment = Moment(signal.SIGTERM)
    klaviyo.meddle = moment.meddle("/api/lists", 503)
    with few_threads(0), moment.command():
        outcome = machine.sync(url, "lists", retry_backoff_multiplier_ms=600_000, retry_backoff_max_ms=600_000)
    ended(outcome, moment, BEGINNING)


@row("Memory that the system refuses", "One line that says so; the other streams are read; exit 1")
def test_no_memory(machine, klaviyo, url):
    genuine = RecordFormat.page

    def page(self, rows, **given):
        if self.outlets[0].stream == "lists":
            raise MemoryError
        return genuine(self, rows, **given)

    with mock.patch.object(RecordFormat, "page", page):
        outcome = machine.sync(url, "lists", "segments")
    assert outcome.code == 1
    assert outcome.error.startswith("lists: not enough memory; lower max_workers")
    assert outcome.ids("segments") == klaviyo.ids("segment")
