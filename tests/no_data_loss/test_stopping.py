"""Told to end while something holds it up: Klaviyo that does not answer, a target that does not read or has gone."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import termios
import time
from typing import Any

import pytest

from tap_klaviyo.sandbox import Fault, Limiter, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.no_data_loss.pipeline import Pipeline, catalog_of
from tests.no_data_loss.rig import as_instant

LONG = 600.0
PATIENCE = 60.0
ALMOST_FULL = 60_000  # of the 65,536 bytes that a pipe holds


@pytest.fixture(scope="module")
def events():
    return catalog_of(("events",))


def lines(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


@contextlib.contextmanager
def running(tap):
    """The tap, which does not outlive the test: one that is held up for ever would hold up the test as well."""
    with tap:
        try:
            yield tap
        finally:
            tap.kill()


def wait_until(happened, tap):
    """Wait for something that the tap does, and no longer than it lives or than anybody would."""
    for _ in range(int(PATIENCE / 0.01)):
        if happened():
            return
        assert tap.poll() is None, f"the tap ended too early, with exit code {tap.returncode}"
        time.sleep(0.01)
    pytest.fail(f"the tap did not come so far within {PATIENCE} seconds")


def fill(tap):
    """Wait until the tap cannot write any more."""
    waiting = bytearray(4)

    def held_up() -> bool:
        fcntl.ioctl(tap.stdout, termios.FIONREAD, waiting)
        return int.from_bytes(waiting, sys.byteorder) >= ALMOST_FULL

    wait_until(held_up, tap)


@pytest.mark.parametrize("at", [1, 4])
def test_while_klaviyo_does_not_answer(at, tmp_path, events):
    sandbox = Sandbox(Shop(events=400, profiles=50), limiter=Limiter(1000.0))
    sandbox.faults.add(Fault("slow", on=frozenset(range(at, 1000)), value=LONG))
    with serve(sandbox) as url:
        options = {"stream_options": {"events": {"page_size": 20}}, "max_workers": 1}
        tap = Pipeline(tmp_path, url, events, options).start()
        with running(tap):
            wait_until(lambda: len(sandbox.requests) >= at, tap)
            tap.send_signal(signal.SIGTERM)
            written = lines(tap.communicate(timeout=PATIENCE)[0])
    assert tap.returncode == 143
    assert written[-1]["type"] == "STATE"
    assert any(one["type"] == "RECORD" for one in written) == (at > 1)


@pytest.mark.parametrize(("unbuffered", "workers"), [("", 1), ("1", 24)])
def test_in_the_middle_of_a_page_while_the_target_does_not_read(unbuffered, workers, tmp_path, events, monkeypatch):
    """The pipe is full: the tap ends as soon as the target reads on, all lines are whole, and the STATE is true."""
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    sandbox = Sandbox(Shop(events=3000, profiles=50), limiter=Limiter(1000.0))
    options = {"stream_options": {"events": {"page_size": 50}}, "max_workers": workers}
    with serve(sandbox) as url, running(Pipeline(tmp_path, url, events, options).start()) as tap:
        fill(tap)
        tap.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert tap.poll() is None
        written = lines(tap.communicate(timeout=PATIENCE)[0])
        assert tap.returncode == 143
    assert written[-1]["type"] == "STATE"
    records = {one["record"]["id"]: as_instant(one["record"]["datetime"]) for one in written if one["type"] == "RECORD"}
    assert 0 < len(records) < 3000
    # All up to the bookmark is there: it lies before the page that was cut off between two lines.
    bookmark = as_instant(written[-1]["value"]["bookmarks"]["events"]["replication_key_value"])
    assert bookmark <= max(records.values())
    truth = {one.id: as_instant(one.attributes["datetime"]) for one in sandbox.shop.resources("event")}
    assert {name for name, instant in truth.items() if instant < bookmark} <= set(records)


def test_a_target_that_never_reads_on_does_not_hold_up_the_end(tmp_path, events):
    """The last line may be half a one, but nothing follows it."""
    sandbox = Sandbox(Shop(events=3000, profiles=50), limiter=Limiter(1000.0))
    with serve(sandbox) as url:
        pipeline = Pipeline(tmp_path, url, events)
        with running(pipeline.start()) as tap:
            fill(tap)
            tap.send_signal(signal.SIGTERM)
            tap.send_signal(signal.SIGINT)
            assert tap.wait(PATIENCE) in {130, 143}  # the system decides which of two pending signals comes first
            whole = tap.stdout.read().splitlines()[:-1]
    assert all(json.loads(line)["type"] in {"SCHEMA", "RECORD", "STATE"} for line in whole)
    (line,) = pipeline.log
    assert line.endswith("the next run goes on from the last state that the target has taken")


def test_when_the_target_has_gone(tmp_path, events):
    sandbox = Sandbox(Shop(events=3000, profiles=50), limiter=Limiter(1000.0))
    with serve(sandbox) as url:
        pipeline = Pipeline(tmp_path, url, events)
        reading, writing = os.pipe()
        os.close(reading)
        tap = pipeline.start(stdout=writing)
        os.close(writing)
        with running(tap):
            assert tap.wait(PATIENCE) == 1
    assert len(pipeline.log) == 1
    assert pipeline.log[0].endswith("the target exited and closed the pipe; see the target's log")
