"""One scenario: an account, runs over it that go wrong in every way, and runs that do not."""

from __future__ import annotations

import contextlib
import io
import json
import random
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_klaviyo import sandbox as sandbox_package
from tap_klaviyo.http.waiting import Patience
from tap_klaviyo.sync import output
from tap_klaviyo.sync.clock import Clock
from tests.no_data_loss.campaign.account import Account
from tests.no_data_loss.campaign.kinds import KEYED, STREAMS, WHOLE_PAGES
from tests.no_data_loss.campaign.mishaps import Troubled, some_mishaps
from tests.no_data_loss.rig import NOON, Rig, as_instant

if TYPE_CHECKING:
    import threading

    from tap_klaviyo.tap import TapKlaviyo

_RUNS = (3, 6)
# What passes between two runs; the last but one begins a little earlier than the day before.
_HOURS = (0.05, 1, 1, 5, 23.99, 30)
# A run that is cut off gets so many answers: a few more than any one stream needs beside its pages. With many workers
# streams in the background take theirs, which count for nothing where the run does not come to them.
_ANSWERS, _OF_MANY_WORKERS, _MOST_RUNS, _ENDS = 14, 50, 150, 2
_QUIET_HOURS = (1, 1, 24, 24.5)


class Scenario:
    """All of it follows from the seed; with more than one worker, but for the order of requests."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)  # noqa: S311 - no secrets
        self.rig = Rig()
        self.sandbox = Troubled(self.rig.shop, lambda: self.rig.now)
        self.sandbox.passes = partial(self.rig.later, seconds=0.05)
        self.rig.sandbox = self.sandbox
        self.rig.ahead = timedelta(seconds=chance.choice([0, 0, chance.uniform(-60, 60)]))
        self.rig.table.merges = chance.random() < 0.5
        self.streams = sorted(chance.sample(STREAMS, chance.randint(2, 7)))
        self.account = Account(self.rig, chance, frozenset(self.streams))
        sizes = {one: {"page_size": chance.randint(2, 6)} for one in self.streams if one not in WHOLE_PAGES}
        self.options: dict[str, Any] = {
            "stream_options": {one: sizes[one] for one in sizes if chance.random() < 0.8},
            "max_workers": chance.choice([1, 1, 1, 8]),
            "retry": chance.randint(0, 2),
            "emit_activate_version_messages": chance.random() < 0.5,
        }
        self.said: list[str] = []
        """What happened, for whoever looks for the reason of a failure."""

    def play(self) -> None:
        """Let the account live and the runs go wrong; then compare."""
        with self._time():
            for _ in range(self.chance.randint(*_RUNS)):
                self.rough()
                self.between(self.chance.choice(_HOURS))
            for hours in _QUIET_HOURS:
                self.quiet()
                self.rig.later(hours=hours)
            self.compare()
            if self.chance.random() < 0.4:
                self.quiet(method="FULL_TABLE")
                self.rig.later(hours=1)
                self.quiet()
                self.compare(gone=True)

    def play_cut_off(self) -> None:
        """Let all runs be cut off until each stream has come to its end twice; then compare.

        What changed behind a place that an earlier run left comes the second time.
        """
        small = {one: {"page_size": self.chance.randint(1, 2)} for one in self.streams if one not in WHOLE_PAGES}
        self.options |= {"stream_options": small, "retry": 0, "sweep_every_hours": 1000, "lookback_every_hours": 1000}
        with self._time():
            self._cut_off_until_all_were_read()
            self.compare()
            self.between(hours=1)
            self.rig.later(hours=1100)
            self._cut_off_until_all_were_read()
            self.compare()

    def _cut_off_until_all_were_read(self) -> None:
        ends: dict[str, set[str]] = {stream: {self._turn(stream)} for stream in self.streams}
        answers = _ANSWERS if self.options["max_workers"] == 1 else _OF_MANY_WORKERS
        for number in range(_MOST_RUNS):
            tap = self.rig.tap(*self.streams, state=self.rig.table.state, selected=True, **self.options)
            self.sandbox.schedule.add(partial(_stop, tap), after=answers)
            self.load(self.written(tap))
            self.sandbox.reset()
            self.said.append(f"{self.rig.now:%d %H:%M:%S} cut off {number}, answers so far: {self.sandbox.answered}")
            self.rig.later(minutes=10)
            for stream, turns in ends.items():
                turns.add(self._turn(stream))
            if all(len(turns) > _ENDS for turns in ends.values()):
                return
        left = [stream for stream, turns in ends.items() if len(turns) <= _ENDS]
        message = f"not at the end of {left} after {_MOST_RUNS} runs of {answers} answers"
        raise AssertionError(message)

    def _turn(self, stream: str) -> str:
        return str(self.rig.bookmarks.get(stream, {}).get("turn_at"))

    @contextlib.contextmanager
    def _time(self) -> Any:
        """The rig's clock for all who wait or look at the time."""

        def passed() -> float:
            return (self.rig.now - NOON).total_seconds()

        def sleep(seconds: float, _stop: threading.Event | None) -> None:
            self.rig.later(seconds=max(seconds, 0.001))  # the rig's clock has microseconds

        with (
            mock.patch("tap_klaviyo.http.client.Patience", partial(Patience, passed, sleep)),
            mock.patch("tap_klaviyo.tap.Clock", partial(Clock, monotonic=passed)),
        ):
            yield

    def between(self, hours: float) -> None:
        """Let things happen in the account while nobody reads."""
        times = self.chance.randint(0, 6)
        for _ in range(times):
            self.rig.later(hours=hours / (times + 1))
            self.account.happen()
        self.rig.later(hours=hours / (times + 1))

    def rough(self) -> None:
        """One run to which things happen."""
        chance, sandbox = self.chance, self.sandbox
        sandbox.mishaps = some_mishaps(chance, self.streams, self.rig.shop)
        number = sandbox.answered
        skews = (None, *(timedelta(seconds=seconds) for seconds in (-3600, -40, 40, 3600)))
        if chance.random() < 0.3:
            sandbox.skewed[number + chance.randint(1, 20)] = chance.choice(skews)
        if chance.random() < 0.5:
            for _ in range(chance.randint(1, 3)):
                sandbox.schedule.add(self.account.happen, after=chance.randint(0, 30))
        method = "FULL_TABLE" if chance.random() < 0.15 else None
        stop = chance.randint(0, 40) if chance.random() < 0.3 else None
        tap = self.rig.tap(*self.streams, state=self.rig.table.state, method=method, selected=True, **self.options)
        if stop is not None:
            sandbox.schedule.add(lambda _: tap.stopping.set(), after=stop)
        seconds = chance.choice([0.0, 1.0])
        with mock.patch.object(output, "_STATE_SECONDS", seconds):
            messages = self.written(tap)
        kill = None if stop is not None or chance.random() < 0.7 else chance.random()
        self.said.append(
            f"{self.rig.now:%d %H:%M:%S} {method or 'incremental'} stop={stop} kill={kill} failures={tap.failures} "
            f"{sandbox.mishaps}"
        )
        lasting = [one for one in sandbox.mishaps if one.lasts]
        if kill is not None:
            messages = messages[: int(kill * len(messages))]
        elif stop is None and lasting and not tap.stopping.is_set():
            assert tap.failures, lasting
        self.load(messages, lag=kill is not None and chance.random() < 0.5)
        sandbox.reset()
        sandbox.mishaps = []
        sandbox.skewed = {}

    def written(self, tap: TapKlaviyo) -> list[dict[str, Any]]:
        """Return what a run wrote, to wherever it came."""
        out = io.StringIO()
        with (
            mock.patch.object(sandbox_package, "shared", return_value=self.sandbox),
            contextlib.redirect_stdout(out),
            contextlib.suppress(SystemExit),
        ):
            tap.sync_once()
        assert len(self.sandbox.requests) < self.rig.patience
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def load(self, messages: list[dict[str, Any]], *, lag: bool = False) -> None:
        """Load what was written; a target that lags vouches for an earlier STATE than the last that it got."""
        states = [one for one in messages if one["type"] == "STATE"]
        for message in messages:
            if not (lag and states and message is states[-1]):
                self.rig.table.apply(message)

    def quiet(self, method: str | None = None) -> None:
        """One run that nothing happens to."""
        run = self.rig.sync(*self.streams, method=method, selected=True, **self.options)
        self.said.append(f"{self.rig.now:%d %H:%M:%S} quiet {method or 'incremental'}")
        assert run.failures == []

    def compare(self, *, gone: bool = False) -> None:
        """Hold the tables against the shop; with ``gone``, what is gone is no longer there either."""
        for stream in self.streams:
            truth, rows = self.account.truth(stream), self.rig.rows(stream)
            missing = sorted(set(truth) - set(rows))
            assert not missing, (stream, "missing", missing)
            held = {key: {name: as_instant(rows[key][name]) for name in row} for key, row in truth.items()}
            stale = {key: (held[key], row) for key, row in truth.items() if held[key] != row}
            assert not stale, (stream, "stale", stale)
            extra = set(rows) - set(truth)
            if gone and (self.options["emit_activate_version_messages"] or stream in KEYED):
                assert not extra, (stream, "gone and kept", sorted(extra))
            assert extra <= self.account.ever[stream], (stream, "never was", sorted(extra))


def _stop(tap: TapKlaviyo, _shop: object) -> None:
    tap.stopping.set()
