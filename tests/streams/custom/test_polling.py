"""One process, many rounds: state carried on, a clean end, failed rounds retried, nothing left behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from tap_klaviyo.config.settings import Settings
from tap_klaviyo.polling import Waits, poll
from tap_klaviyo.sync.endings import OutputEnded, StoppedByUser
from tap_klaviyo.sync.stopping import Stopping
from tap_klaviyo.tap import TapKlaviyo

WAITS = Waits(interval=0, retry=3, first=0, longest=0)


@pytest.mark.parametrize(
    ("interval", "waits"),
    [(0, [0, 0.1, 0.2, 0.4, 0.8, 1, 1]), (500, [0.5, 0.5, 0.5, 0.5, 0.8, 1, 1]), (5000, [5] * 7)],
)
def test_failed_rounds_are_retried_with_growing_waits_never_sooner_than_the_interval(interval, waits):
    settings = Settings(retry=5, retry_backoff_multiplier_ms=100, retry_backoff_max_ms=1000)
    found = Waits.of(settings, interval)
    assert [found.after(failed) for failed in range(7)] == waits
    assert found.after(10_000) == waits[-1]


class Rounds:
    """Makes stand-ins for taps, each of which does what the script says: None is a sync without a failure."""

    def __init__(self, *script):
        self.script = list(script)
        self.states = []
        self.closed = 0

    def make(self, state, earlier=None):
        self.states.append(state)
        made = StandIn(self, len(self.states), earlier)
        assert earlier is None or earlier.number == made.number - 1
        return made

    def following(self, earlier, state):
        return self.make(state, earlier)

    def run(self):
        poll(self.make(None), WAITS, self.following)


class StandIn:
    def __init__(self, rounds, number, earlier):
        self.rounds = rounds
        self.number = number
        self.failures = []
        self.stopping = earlier.stopping if earlier else Stopping()
        self.state = {"bookmarks": {"x": {"round": number}}}

    def sync_once(self):
        what = self.rounds.script.pop(0)
        if isinstance(what, BaseException):
            raise what
        if what == "stop":
            self.stopping.set()
            self.end_if_told()
        elif what is not None:
            self.failures.append(what)

    def end_if_told(self):
        if self.stopping.is_set():
            raise StoppedByUser(self.stopping, "here")

    def hang_up(self):
        self.rounds.closed += 1

    def log_summary(self):
        pass


def test_each_round_goes_on_from_the_state_of_the_last():
    rounds = Rounds(None, None, "stop")
    with pytest.raises(StoppedByUser):
        rounds.run()
    assert rounds.states == [None, {"bookmarks": {"x": {"round": 1}}}, {"bookmarks": {"x": {"round": 2}}}]
    assert rounds.closed == 1


def test_a_failed_round_keeps_the_state_and_success_forgives_it():
    rounds = Rounds("a", "a", "a", None, "a", "a", "a", SystemExit(1), "never comes")
    with pytest.raises(SystemExit) as ended:
        rounds.run()
    assert ended.value.code == 1
    assert rounds.script == ["never comes"]
    assert rounds.states[-1] == {"bookmarks": {"x": {"round": 7}}}
    assert rounds.closed == 1


def test_what_cannot_begin_ends_at_once():
    rounds = Rounds(SystemExit(1), None)
    with pytest.raises(SystemExit) as ended:
        rounds.run()
    assert ended.value.code == 1
    assert rounds.script == [None]


@pytest.mark.parametrize("end", [StoppedByUser(Stopping(), "here"), OutputEnded()], ids=["told", "no target"])
def test_what_ends_the_process_is_no_failed_round(end):
    rounds = Rounds(None, end, "never comes")
    with pytest.raises(type(end)):
        rounds.run()
    assert (rounds.script, rounds.closed) == (["never comes"], 1)


def test_a_signal_ends_the_wait_for_the_next_round():
    rounds = Rounds(None, "never comes")
    first = rounds.make(None)
    first.log_summary = first.stopping.set
    with pytest.raises(StoppedByUser):
        poll(first, Waits(interval=600, retry=0, first=0, longest=0), rounds.following)
    assert rounds.script == ["never comes"]


# The whole process


def catalog(*names, **settings):
    found = TapKlaviyo(config={"api_url": "sandbox://", **settings}).catalog_dict
    for entry in found["streams"]:
        for item in entry["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = entry["tap_stream_id"] in names
    return found


@contextmanager
def polling(folder, config, *names):
    (folder / "config.json").write_text(json.dumps({"poll_interval_ms": 0, **config}))
    (folder / "catalog.json").write_text(json.dumps(catalog(*names)))
    arguments = ["--config", str(folder / "config.json"), "--catalog", str(folder / "catalog.json")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tap_klaviyo.tap", *arguments], stdout=subprocess.PIPE, stderr=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def ended(process):
    """Return the exit code after a SIGTERM, and the messages that came until then."""
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read().splitlines()
    return process.wait(), [json.loads(line) for line in rest]


def test_rounds_are_incremental_until_sigterm(tmp_path, server):
    config = {**server.config, "lookback_days": 0}
    rounds, counts = 0, [0, 0, 0]
    with polling(tmp_path, config, "events") as process:
        for line in process.stdout:
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                rounds += 1
                if rounds == 3:
                    break
            if message["type"] == "RECORD":
                counts[rounds - 1] += 1
        code, rest = ended(process)
    assert code == 143
    assert counts[0] == len(list(server.sandbox.shop.resources("event")))
    assert 0 < counts[1] < counts[0] / 10
    assert {message["type"] for message in rest} <= {"SCHEMA", "RECORD", "STATE"}


def test_sigterm_in_the_middle_of_a_round_leaves_whole_lines_and_the_state(tmp_path, server):
    server.sandbox.latency = 0.05
    with polling(tmp_path, server.config, "lists", "list_profiles") as process:
        for line in process.stdout:
            if json.loads(line)["type"] == "RECORD":
                break
        code, rest = ended(process)
    assert code == 143
    assert rest[-1]["type"] == "STATE"


def test_a_round_that_fails_is_retried_from_its_state(tmp_path, server):
    config = {**server.config, "lookback_days": 0, "retry": 8}
    fails = threading.Event()
    server.sandbox.interfere = lambda asked: (503, {}, b"") if fails.is_set() and "/api/events" in asked.path else None
    rounds = 0
    records: dict[int, list[str]] = {}
    with polling(tmp_path, config, "events") as process:
        for line in process.stdout:
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                rounds += 1
                if rounds == 2:
                    fails.set()
                elif rounds == 4:
                    fails.clear()
                elif rounds == 6:
                    break
            if message["type"] == "RECORD":
                records.setdefault(rounds, []).append(message["record"]["id"])
        code, _rest = ended(process)
    assert code == 143
    # No round after the first read everything again: the state outlived the failures.
    assert all(len(ids) < len(records[1]) / 10 for number, ids in records.items() if number > 1)
    assert "failed; retrying in" in (tmp_path / "log").read_text()


def test_a_wrong_key_ends_the_first_round_with_1(tmp_path, server):
    server.sandbox.access.wrong_keys.add(server.config["auth_token"])
    with polling(tmp_path, server.config, "lists") as process:
        process.stdout.read()
        assert process.wait() == 1


def resident(process):
    """Return kilobytes of memory in use, and the number of threads."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    found = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return int(found["VmRSS"][0]), int(found["Threads"][0])


def growth(folder, last):
    """Return what the memory grew by in the second half of the rounds, and the most threads seen."""
    rounds, begin, threads = 0, 0, []
    with polling(folder, {"api_url": "sandbox://"}, "accounts", "tags") as process:
        for line in process.stdout:
            if b'"type":"SCHEMA","stream":"accounts"' not in line:
                continue
            rounds += 1
            memory, running = resident(process)
            threads.append(running)
            if rounds == last // 2:
                begin = memory
            if rounds == last:
                break
        end, _ = resident(process)
        code, _rest = ended(process)
    assert code == 143
    return end - begin, max(threads)


needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")


@needs_proc
def test_rounds_leave_nothing_behind(tmp_path):
    grown, threads = growth(tmp_path, 60)
    assert grown < 4096
    assert threads < 20


@needs_proc
@pytest.mark.long
@pytest.mark.timeout(900)
def test_memory_is_flat_over_a_thousand_rounds(tmp_path):
    grown, threads = growth(tmp_path, 1000)
    assert grown < 4096
    assert threads < 20
