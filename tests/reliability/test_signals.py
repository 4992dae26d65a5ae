"""A signal at any moment: the state is out, one line says where the next run goes on, and nothing holds up the end."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from importlib import import_module
from unittest import mock

import pytest

from tap_klaviyo import cli, start
from tap_klaviyo.http.errors import StoppedError
from tap_klaviyo.http.retry import Tries
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.responses import Response
from tap_klaviyo.sync.endings import ended_when_told, what_is_left
from tap_klaviyo.sync.locks import held
from tap_klaviyo.sync.stopping import HEARD, Stopping
from tap_klaviyo.sync.watchdog import Watchdog, hearing
from tap_klaviyo.sync.writer import LineWriter
from tap_klaviyo.tap import TapKlaviyo

LONG = 600_000  # milliseconds
RETRY_AFTER = {"Retry-After": "300"}


def row(what, does):
    return pytest.mark.fault("The process and its settings", what, does)


class Moment:
    """Sends a signal to this process, once, and keeps sockets silent until the command has ended."""

    def __init__(self, number):
        self.number = number
        self.came = threading.Event()
        self.ended = threading.Event()

    def send(self):
        if not self.came.is_set():
            self.came.set()
            os.kill(os.getpid(), self.number)

    def before(self, function):
        """The function, and the signal before its first call."""

        def signalled(*args, **kwargs):
            self.send()
            return function(*args, **kwargs)

        return signalled

    def meddle(self, path, status):
        """What becomes of the answers to such a path: the signal comes, and an error follows, or nothing at all."""

        def meddle(asked, response):
            if asked != path:
                return response
            self.send()
            if not status:
                self.ended.wait(60)
            return Response(status or 503, RETRY_AFTER if status == 429 else {}, b"")

        return meddle

    @contextlib.contextmanager
    def command(self):
        genuine = cli.run

        def run(*args):
            try:
                genuine(*args)
            finally:
                self.ended.set()

        with mock.patch.object(cli, "run", run):
            yield


@pytest.fixture
def moment(request):
    moment = Moment(request.param)
    with moment.command():
        yield moment
    assert moment.came.is_set()


each_signal = pytest.mark.parametrize("moment", list(HEARD), ids=HEARD.get, indirect=True)
each_status = pytest.mark.parametrize("status", [0, 503, 429], ids=["silent", "503", "429"])
one_signal = pytest.mark.parametrize("moment", [signal.SIGTERM], ids=["SIGTERM"], indirect=True)


def ended(outcome, moment, goes_on_from):
    assert outcome.code == 128 + moment.number
    assert outcome.said("ERROR") == []
    stopped = [line for line in outcome.said("WARNING") if line.startswith("stopped by ")]
    assert stopped == [f"stopped by {HEARD[moment.number]}; the next run goes on from {goes_on_from}"]
    assert outcome.messages[-1]["type"] == "STATE"


BEGINNING, ONE, TWO = (
    "the beginning",
    "the state just written (bookmarks of 1 stream)",
    "the state just written (bookmarks of 2 streams)",
)
WAITS = {"retry_backoff_multiplier_ms": LONG, "retry_backoff_max_ms": LONG}


@each_signal
@each_status
@row("A signal while the account's id is asked for", "The state is written, one line; exit 143, 130 or 129")
def test_before_the_first_stream(machine, served, moment, status):
    klaviyo, url = served
    klaviyo.meddle = moment.meddle("/api/accounts", status)
    outcome = machine.sync(url, "lists", include_account_id=True, **WAITS)
    ended(outcome, moment, BEGINNING)


@one_signal
@each_status
@pytest.mark.parametrize(
    "waits_for",
    [
        ("/api/events", "events"),
        ("/api/lists", "list_profiles"),  # parents, listed before anything is written
        ("/api/accounts", "flow_series_report"),  # the account's time zone
        ("/api/metrics", "opens"),  # the id behind a metric's name
    ],
    ids=lambda waits_for: waits_for[0],
)
@row("A signal while a request gets no answer, or waits", "The state is written, one line; exit 143, 130 or 129")
def test_while_a_stream_waits(machine, served, moment, waits_for, status):
    (klaviyo, url), (path, stream) = served, waits_for
    klaviyo.meddle = moment.meddle(path, status)
    own = [{"name": "opens", "metric": "Opened Email"}]
    ended(machine.sync(url, stream, event_streams=own, **WAITS), moment, BEGINNING)


@one_signal
@pytest.mark.parametrize(
    "where",
    [
        (LineWriter, "write_message"),
        (LineWriter, "flush"),
        (LineWriter, "write_lines"),
        (TapKlaviyo, "sync_all"),
        (TapKlaviyo, "discover_streams"),
        (logging.StreamHandler, "emit"),  # the lock of the logs is held
    ],
    ids=lambda where: where[1],
)
@row("A signal while something is written, or logged", "The state is written, one line; exit 143, 130 or 129")
def test_in_the_middle_of_what_the_tap_does(machine, url, moment, where):
    arguments = machine.files(
        url, "lists", "events", state={"bookmarks": {"events": {"read_at": "2024-01-01T00:00:00Z"}}}
    )
    owner, name = where
    with mock.patch.object(owner, name, moment.before(getattr(owner, name))):
        outcome = machine.run(*arguments)
    ended(outcome, moment, ONE)


@one_signal
@row("A signal when everything has been read", "The same, with all bookmarks at their ends")
def test_at_the_very_end(machine, url, moment):
    genuine = TapKlaviyo.sync_all

    def sync_all(tap):
        genuine(tap)
        moment.send()

    with mock.patch.object(TapKlaviyo, "sync_all", sync_all):
        outcome = machine.sync(url, "lists", "segments")
    ended(outcome, moment, TWO)


@each_signal
@row("A signal while polling waits for the next round", "The state is written, one line; exit 143, 130 or 129")
def test_while_polling_waits(machine, url, moment):
    with mock.patch.object(Stopping, "wait", moment.before(Stopping.wait)):
        outcome = machine.sync(url, "lists", poll_interval_ms=LONG)
    ended(outcome, moment, ONE)


@one_signal
@row("A signal before the tap is made, or while it discovers", "One line; exit 143, 130 or 129")
@pytest.mark.parametrize(
    ("where", "arguments"),
    [("tap_klaviyo.tap.freeze_imports", []), ("tap_klaviyo.tap.opened", ["--discover"])],
    ids=["start", "discover"],
)
def test_before_there_is_anything_to_write(machine, url, moment, where, arguments):
    machine.files(url)
    module, _, name = where.rpartition(".")
    genuine = getattr(import_module(module), name)
    stderr = io.StringIO()
    with mock.patch(where, moment.before(genuine)), mock.patch("tests.reliability.cli.main", start.main):
        code = machine.run_into(io.BytesIO(), stderr, ["--config", str(machine.folder / "config.json"), *arguments], {})
    assert code == 143
    assert stderr.getvalue().endswith("stopped by SIGTERM; the next run goes on from where this one began\n")
    assert "Traceback" not in stderr.getvalue()


WHILE_IMPORTING = """
import os, sys

class Sends:
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            os.kill(os.getpid(), {number})

sys.meta_path.insert(0, Sends())
from tap_klaviyo.start import main
sys.exit(main())
"""


@row("A signal while the tap's modules are imported", "One line; exit 143, 130 or 129")
@pytest.mark.parametrize("number", list(HEARD), ids=HEARD.get)
@pytest.mark.parametrize("module", ["tap_klaviyo.tap", "singer_sdk", "requests"])
def test_while_modules_are_imported(machine, url, module, number):
    machine.files(url)
    command = [sys.executable, "-c", WHILE_IMPORTING.format(module=module, number=int(number))]
    settings = ["--config", str(machine.folder / "config.json")]
    ended = subprocess.run([*command, *settings], capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 128 + number
    assert ended.stdout == ""
    line = f"stopped by {HEARD[number]}; the next run goes on from where this one began"
    assert ended.stderr.splitlines()[-1].endswith(line)
    assert "Traceback" not in ended.stderr


@one_signal
@row("A signal in the wait for a retry", "The state is written, one line; exit 143, 130 or 129")
def test_in_the_wait_for_a_retry(machine, klaviyo, url, moment):
    klaviyo.faults.add(Fault("error", rate=1.0, value=503, path="/api/lists"))
    with mock.patch.object(Tries, "failed", moment.before(Tries.failed)):
        outcome = machine.sync(url, "lists", max_workers=1, **WAITS)
    ended(outcome, moment, BEGINNING)


# The parts


def test_the_handler_takes_no_lock():
    """The main thread, which runs it, may hold the event's own at that instant: then both would wait for ever."""
    stopping = Stopping()
    handler = threading.Thread(target=stopping._heard, args=(signal.SIGTERM, None), daemon=True)
    with stopping._cond:  # type: ignore[attr-defined]
        handler.start()
        handler.join(30)
        assert not handler.is_alive()
        assert stopping.is_set()
        assert stopping.wait(30)


def test_whoever_waits_for_a_lock_can_be_told_to_stop():
    lock, stopping = threading.Lock(), Stopping()
    with held(lock, stopping):
        assert lock.locked()
        stopping.set()
        with pytest.raises(StoppedError), held(lock, stopping):
            pytest.fail("the lock was free")
    assert not lock.locked()


def test_a_request_that_ends_unasked_is_an_error():
    with pytest.raises(StoppedError), ended_when_told(Stopping(), pytest.fail):
        raise StoppedError("closed")  # noqa: EM101 - as the client says it


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, BEGINNING),
        ({"bookmarks": None}, BEGINNING),
        ({"bookmarks": {"a": {}, "b": None, "c": {"full": None, "version": 1, "question": "f"}}}, BEGINNING),
        ({"bookmarks": {"a": {}, "b": {"read_at": "2024-01-01T00:00:00Z"}}}, ONE),
        ({"bookmarks": {"a": {"fan_out": [{}]}, "b": {"read_at": "2024-01-01T00:00:00Z"}}}, TWO),
    ],
)
def test_where_the_next_run_goes_on(state, said):
    assert what_is_left(state) == said


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


@pytest.fixture
def own_handlers():
    handlers = {number: signal.getsignal(number) for number in HEARD}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def watched(pipe, own_handlers):  # noqa: ARG001 - given back
    """A watchdog that gives little time, what it is told of, and what it ended the process with."""
    stopping, codes, ended = Stopping(), [], threading.Event()

    def end(code):
        codes.append(code)
        ended.set()

    watchdog = Watchdog(stopping, pipe[1], (0.01, 0.01), end)
    stopping.listen()
    watchdog.start()
    yield stopping, codes, ended
    watchdog.close()


def test_the_watchdog_ends_a_process_that_a_signal_does_not_end(watched, caplog):
    stopping, codes, ended = watched
    os.kill(os.getpid(), signal.SIGHUP)
    assert ended.wait(30)
    assert codes == [129]
    assert stopping.is_set()
    assert [one.getMessage().partition(" in the middle")[0] for one in caplog.records] == ["stopped by SIGHUP"]


def test_the_watchdog_sees_that_the_target_is_gone(watched, pipe, caplog):
    stopping, codes, ended = watched
    os.close(pipe[0])
    assert ended.wait(30)
    assert (codes, stopping.target_gone, stopping.is_set()) == ([1], True, True)
    assert [one.getMessage() for one in caplog.records] == [
        "the target exited and closed the pipe; see the target's log"
    ]


def test_other_signals_are_none_of_the_watchdog_s_business(watched):
    stopping, codes, _ = watched
    earlier = signal.signal(signal.SIGUSR1, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, earlier)
    assert (codes, stopping.is_set()) == ([], False)


@pytest.mark.usefixtures("own_handlers")
def test_where_nothing_can_be_watched_signals_are_heard_all_the_same(monkeypatch):
    monkeypatch.delattr(select, "poll")
    with hearing() as stopping:
        assert "watchdog" not in {thread.name for thread in threading.enumerate()}
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopping.wait(30)
    assert stopping.cause == "SIGTERM"


def test_a_hang_up_that_nohup_ignores_is_ignored(monkeypatch):
    taken = []
    monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    monkeypatch.setattr(signal, "signal", lambda number, _: taken.append(number))
    Stopping().listen()
    assert taken == [signal.SIGINT, signal.SIGTERM]
