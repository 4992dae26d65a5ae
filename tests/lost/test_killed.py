"""Killed anywhere and resumed, the table is that of one clean run.

By default 25 cuts; `uv run pytest -m long tests/lost` does 200 more.
"""

from __future__ import annotations

import random
import signal
import time
from datetime import UTC, datetime

import pytest

from tap_klaviyo.sandbox import Limiter, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.lost.pipeline import STREAMS, Pipeline, catalog_of

UNHURRIED = 1000.0


@pytest.fixture(scope="module")
def catalog():
    return catalog_of(STREAMS)


class Trial:
    """A shop, a clean run over it, and a run that is cut time and again."""

    def __init__(self, folder, url, sandbox, catalog, chance):
        self.sandbox, self.chance = sandbox, chance
        options = {stream: {"page_size": chance.choice([3, 7, 10])} for stream in STREAMS if stream != "metrics"}
        config = {"stream_options": options, "max_workers": chance.choice([1, 24])}
        self.clean = Pipeline(folder / "clean", url, catalog, config)
        self.cut = Pipeline(folder / "cut", url, catalog, dict(config))
        assert self.clean.run(sandbox) == (0, 0), self.clean.log
        self.requests = len(sandbox.requests)
        self.rows = len(self.clean.table())
        assert {stream for stream, _ in self.clean.table()} == set(STREAMS)
        sandbox.latency = 0.002

    def cuts(self, count):
        """Cut so many runs, at points that random numbers name; a run may be over before."""
        codes = []
        for _ in range(count):
            self.cut.configure(max_workers=self.chance.choice([1, 24]))
            share = self.chance.choice([0.1, 0.5, 1.0])
            if self.chance.random() < 0.6:
                codes.append(self.cut.run(self.sandbox, kill_after=self.chance.randrange(int(self.requests * share))))
                assert codes[-1][0] in {0, -signal.SIGKILL}, self.cut.log
            else:
                codes.append(self.cut.run(self.sandbox, dies_after=1 + self.chance.randrange(int(self.rows * share))))
                # The tap may have written all before the target died; otherwise it says that nobody listens.
                assert codes[-1][0] in {0, 1}, self.cut.log
                assert len(self.cut.log) <= 1, self.cut.log
        return codes

    def finish(self):
        """Let the last run go to its end, and compare row by row."""
        self.sandbox.latency = 0.0
        assert self.cut.run(self.sandbox) == (0, 0), self.cut.log
        assert self.sandbox.refused == 0
        assert self.cut.table() == self.clean.table()


def trial(seed, folder, catalog, cuts):
    sandbox = Sandbox(Shop(seed, events=400, profiles=120, bursts=bool(seed % 2)), limiter=Limiter(UNHURRIED))
    with serve(sandbox) as url:
        tried = Trial(folder, url, sandbox, catalog, random.Random(seed))  # noqa: S311 - no secrets
        codes = tried.cuts(cuts)
        tried.finish()
    return codes


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(5))
def test_killed_and_resumed(seed, tmp_path, catalog):
    codes = trial(seed, tmp_path, catalog, 5)
    assert any(code != (0, 0) for code in codes)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_and_resumed_many_times(seed, tmp_path, catalog):
    codes = trial(seed, tmp_path, catalog, 10)
    assert sum(code != (0, 0) for code in codes) > 5


@pytest.mark.parametrize(
    ("by", "code", "share"),
    [(signal.SIGTERM, 143, 0.05), (signal.SIGTERM, 143, 0.5), (signal.SIGTERM, 143, 0.95), (signal.SIGINT, 130, 0.3)],
)
def test_told_to_end(by, code, share, tmp_path, catalog):
    """What is complete is written, the state is out, and a later run goes on."""
    sandbox = Sandbox(Shop(7, events=400, profiles=120), limiter=Limiter(UNHURRIED))
    with serve(sandbox) as url:
        tried = Trial(tmp_path, url, sandbox, catalog, random.Random(share))  # noqa: S311 - no secrets
        codes = tried.cut.run(sandbox, kill_after=int(tried.requests * share), by=by)
        assert codes == (code, 0), tried.cut.log
        assert tried.cut.log == []
        assert tried.cut.state.exists()
        tried.finish()


def test_what_changes_between_the_runs_is_there_in_the_end(tmp_path, catalog):
    sandbox = Sandbox(Shop(3, events=300, profiles=100), limiter=Limiter(UNHURRIED))
    chance = random.Random(3)  # noqa: S311 - no secrets
    profiles = [one.id for one in sandbox.shop.resources("profile")]
    lists = [one.id for one in sandbox.shop.resources("list")]

    def change(shop):
        now = datetime.now(UTC).isoformat()
        shop.update("profile", chance.choice(profiles), updated=now, first_name=f"changed at {now}")
        shop.join("list", chance.choice(lists), chance.choice(profiles), now)

    with serve(sandbox) as url:
        tried = Trial(tmp_path, url, sandbox, catalog, chance)
        for _ in range(4):
            sandbox.schedule.add(change, after=10, repeats=True)
            tried.cuts(1)
            change(sandbox.shop)
        time.sleep(11)  # a run reads what changed up to 10 seconds before it started
        tried.clean = Pipeline(tmp_path / "clean after", url, catalog, tried.clean.config)
        assert tried.clean.run(sandbox) == (0, 0), tried.clean.log
        tried.finish()
