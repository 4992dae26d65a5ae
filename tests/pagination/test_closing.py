"""However a sync ends, nothing reads any more afterwards."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from unittest import mock

import pytest

from tap_klaviyo.sandbox import Fault, Limiter, Sandbox, Shop
from tap_klaviyo.sync.endings import StoppedByUser
from tap_klaviyo.sync.writer import LineWriter
from tap_klaviyo.tap import TapKlaviyo


@pytest.fixture
def sandbox():
    made = Sandbox(Shop(events=40, profiles=20), limiter=Limiter(1000.0))
    with (
        mock.patch("tap_klaviyo.sandbox.shared", return_value=made),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        yield made


@pytest.fixture
def left_behind():
    """Return a function that names the threads that go on; one that waits for ever is among them."""
    before = set(threading.enumerate())

    def find():
        since = set(threading.enumerate()) - before
        end = time.monotonic() + 60
        for thread in since:
            thread.join(max(0.0, end - time.monotonic()))
        return [thread.name for thread in since if thread.is_alive()]

    return find


def tap(**config):
    return TapKlaviyo(config={"api_url": "sandbox://", **config})


def test_a_stream_by_itself_starts_no_other(sandbox, left_behind):
    tap().streams["lists"].sync()
    assert {request.path for request in sandbox.requests} == {"/api/lists"}
    assert left_behind() == []


def test_a_whole_sync(sandbox, left_behind):
    tap().sync_once()
    assert len({request.path for request in sandbox.requests}) > 30
    assert left_behind() == []


def test_a_key_that_is_refused(sandbox, left_behind):
    """The first stream ends the sync; others read in the background already."""
    sandbox.faults.add(Fault("error", rate=1, value=401, path="/api/accounts"))
    with pytest.raises(SystemExit):
        tap().sync_once()
    assert left_behind() == []


def test_a_signal(sandbox, left_behind):
    stopped = tap()
    sandbox.schedule.add(lambda _: stopped.stopping.set(), after=20)
    with pytest.raises(StoppedByUser):
        stopped.sync_once()
    assert left_behind() == []


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_a_target_that_takes_no_more(left_behind, error):
    taken = [None] * 20
    with mock.patch.object(LineWriter, "write_lines", side_effect=[*taken, error]), pytest.raises(type(error)):
        tap().sync_once()
    assert left_behind() == []


@pytest.mark.parametrize(
    "read", [lambda one: one.get_records(None), lambda one: one._sync_records(None, write_messages=False)]
)
def test_records_alone(sandbox, left_behind, read):
    """What the SDK offers to whoever wants no messages."""
    with mock.patch.object(LineWriter, "write_lines") as written:
        found = [record["id"] for record in read(tap().streams["profiles"])]
    assert sorted(found) == [row.id for row in sandbox.shop.resources("profile")]
    assert not written.called
    assert left_behind() == []


@pytest.mark.usefixtures("sandbox")
def test_records_that_nobody_wants_to_the_end(left_behind):
    stream = tap(stream_options={"profiles": {"page_size": 5}}).streams["profiles"]
    records = stream.get_records(None)
    assert next(iter(records))["id"]
    records.close()
    assert left_behind() == []
