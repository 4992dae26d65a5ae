"""Killed anywhere and resumed, the tables of a real target are those of one clean run, and those are the shop.

The processes are real ones: `kill -9` takes the tap while it waits for an answer or in the middle of a line, and
sometimes the target, and the next run starts from the last STATE that the target wrote. By default one run of the tap
is killed; `uv run pytest -m long tests/no_data_loss` kills 206 that load DuckDB, and 20 that load PostgreSQL.
"""

from __future__ import annotations

import functools
import json
import random
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tap_klaviyo.sandbox import Limiter, Resource, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.no_data_loss.pipeline import Cut, Pipeline, catalog_of
from tests.no_data_loss.rig import as_instant
from tests.streams.syncing import sync
from tests.targets import warehouses

# One of each way to read: windows, chains, channels and archives, children of includes, parents one by one.
FEW = ("events", "profiles", "campaigns", "lists", "list_profiles", "flow_messages", "profile_suppressions")
OTHERS = (
    *("flows", "segments", "templates", "reviews", "metrics", "catalog_items", "campaign_tags", "images"),
    "coupon_codes",
)
KINDS = {
    "events": ("event", "datetime"),
    "profiles": ("profile", "updated"),
    "campaigns": ("campaign", "updated_at"),
    "lists": ("list", "updated"),
}
# The last runs start so much later that nothing of what changed is too new for them.
AHEAD = 60


class Account:
    """A shop that changes a little with every so many requests, and its clock."""

    def __init__(self, chance, **sizes):
        self.chance = chance
        self.ahead = timedelta(0)
        self.sandbox = Sandbox(Shop(chance.randrange(1000), **sizes), limiter=Limiter(1000.0), now=self.now)
        self.sandbox.latency = 0.001
        self.profiles = [one.id for one in self.sandbox.shop.resources("profile")]
        self.lists = [one.id for one in self.sandbox.shop.resources("list")]
        self.campaigns = [one.id for one in self.sandbox.shop.resources("campaign")]
        self.made = 0

    def now(self):
        return datetime.now(UTC) + self.ahead

    def change(self, shop):
        now = self.now().isoformat()
        self.made += 1
        match self.made % 5:
            case 0:
                shop.update("profile", self.chance.choice(self.profiles), updated=now, first_name=f"changed {now}")
            case 1:
                shop.join("list", self.chance.choice(self.lists), self.chance.choice(self.profiles), now)
            case 2:
                event = self.chance.choice(shop.resources("event"))
                shop.put(
                    "event", replace(event, id=f"new{self.made}", attributes={**event.attributes, "datetime": now})
                )
            case 3:
                shop.update("campaign", self.chance.choice(self.campaigns), archived=True)
            case 4:
                name = f"{self.chance.choice('0Z')}{self.made}"
                shop.put("list", Resource("list", name, {"name": "new", "created": now, "updated": now}))
                shop.join("list", name, self.chance.choice(self.profiles), now)


class Trial:
    """Runs over an account that are cut time and again, and what must have come of it in the end."""

    def __init__(self, folder, url, account, streams, target):
        self.account, self.chance, self.streams, self.target = account, account.chance, streams, target
        self.folder, self.url = folder, url
        self.page_sizes = {
            stream: {"page_size": self.chance.choice([3, 7, 10])} for stream in streams if stream != "metrics"
        }
        self.begun = self.killed = 0
        self.begin()

    def begin(self):
        """Start with no state and an empty warehouse."""
        self.begun += 1
        own = self.folder / f"cut{self.begun}"
        # The last run has to bring what only a sweep finds.
        config = {"stream_options": self.page_sizes, "sweep_every_hours": 0}
        self.cut = Pipeline(own, self.url, catalog_of(self.streams), config)
        self.warehouse = self.target(own, batch_size_rows=self.chance.choice([20, 200]))

    def run(self, cut):
        """Run once, with a STATE a second or one a page, and one worker or many."""
        self.cut.hurried = self.chance.random() < 0.7
        self.cut.configure(max_workers=self.chance.choice([1, 24]))
        sandbox = self.account.sandbox
        sandbox.schedule.add(self.account.change, after=25, repeats=True)
        ended = self.cut.run(sandbox, self.warehouse, cut)
        expected = {0} if ended.whole else {0, 1}  # half a line is no JSON, unless only its end is missing
        assert ended.target in expected | ({-signal.SIGKILL} if cut.target else set())
        return ended

    def kill(self, times):
        """Kill so many runs of the tap, and now and then the target; where a run gets to its end, begin anew."""
        due = self.killed + times
        while self.killed < due:
            share = self.chance.random() ** 2
            where = self.chance.random()
            if where < 0.45:
                cut = Cut(requests=int(share * 40 * len(self.streams)))
            elif where < 0.9:
                cut = Cut(written=int(share * 60_000 * len(self.streams)))
            else:
                cut = Cut(written=int(share * 60_000 * len(self.streams)), target=True)
            ended = self.run(cut)
            self.killed += ended.tap == -signal.SIGKILL
            # The tap may have written all before the target died; otherwise it says that nobody listens.
            assert ended.tap in ({0, 1} if cut.target else {0, -signal.SIGKILL}), self.cut.log
            assert len(self.cut.log) <= (ended.tap == 1), self.cut.log
            if ended.tap == ended.target == 0:
                self.finish()
                self.begin()

    def told_to_end(self, by, code, requests):
        """End a run by a signal that it can act on."""
        ended = self.run(Cut(requests=requests, by=by))
        assert (ended.tap, ended.target, ended.whole) == (code, 0, True), self.cut.log
        assert self.cut.log == []
        assert self.cut.state.exists()

    def finish(self):
        """Let a last run go to its end, and compare row by row with a clean run, and that with the shop."""
        self.account.ahead += timedelta(seconds=AHEAD)
        self.cut.ahead = self.account.ahead.total_seconds()
        # A fan-out goes on within the bound of its first run: what is newer comes with the run after it.
        goes_on = True
        while goes_on:
            marks = json.loads(self.cut.state.read_text())["bookmarks"] if self.cut.state.exists() else {}
            goes_on = any(mark.get("fan_out") for mark in marks.values())
            ended = self.cut.run(self.account.sandbox, self.warehouse)
            assert (ended.tap, ended.target) == (0, 0), self.cut.log
        tables = self.warehouse.tables()
        assert {name: sorted(rows, key=str) for name, rows in tables.items()} == self.clean()
        assert self.account.sandbox.refused == 0
        self.compare(tables)

    def clean(self):
        """One run that nothing ends, into a warehouse of its own."""
        own = self.folder / f"clean{self.begun}"
        own.mkdir()
        options = {"stream_options": self.page_sizes}
        run = sync(self.account.sandbox, *self.streams, config=options, now=self.account.now())
        assert not run.tap.failures
        assert {name for name, records in run.records.items() if records} == set(self.streams)
        messages = own / "messages.jsonl"
        messages.write_text("".join(f"{json.dumps(message)}\n" for message in run.messages))
        warehouse = self.target(own)
        warehouse.load(messages)
        return {name: sorted(rows, key=str) for name, rows in warehouse.tables().items()}

    def compare(self, tables):
        shop = self.account.sandbox.shop
        for stream, (kind, key) in KINDS.items():
            held = sorted((row["id"], as_instant(row[key])) for row in tables[stream])
            assert held == sorted((one.id, as_instant(one.attributes[key])) for one in shop.resources(kind)), stream
        columns = ("list_id", "profile_id", "joined_group_at")
        members = sorted(tuple(as_instant(row[name]) for name in columns) for row in tables["list_profiles"])
        assert members == sorted(
            (group, member, as_instant(joined)) for group, member, joined in shop.memberships("list")
        )


@pytest.fixture
def trial(tmp_path):
    """Return what makes a trial."""
    opened = []

    def make(seed, streams, target=warehouses.duckdb, **sizes):
        account = Account(random.Random(seed), bursts=bool(seed % 2), **sizes)  # noqa: S311 - no secrets
        served = serve(account.sandbox)
        opened.append(served)
        return Trial(tmp_path, served.__enter__(), account, streams, target)

    yield make
    for served in opened:
        served.__exit__(None, None, None)


def test_killed_once_and_resumed(trial):
    tried = trial(4, FEW, events=60, profiles=20)
    tried.kill(1)
    tried.finish()
    assert tried.killed == 1


@pytest.mark.long
def test_killed_and_told_to_end_and_resumed(trial):
    tried = trial(4, FEW, events=150, profiles=50)
    tried.kill(3)
    tried.told_to_end(signal.SIGTERM, 143, requests=20)
    tried.told_to_end(signal.SIGINT, 130, requests=1)
    tried.kill(3)
    tried.finish()
    assert tried.killed == 6


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_and_resumed_many_times(seed, trial):
    """Twenty shops, ten kills each."""
    drawn = random.Random(seed).sample(OTHERS, 3)  # noqa: S311 - no secrets
    tried = trial(seed, (*FEW, *drawn), events=200, profiles=60)
    tried.kill(10)
    tried.finish()
    assert tried.killed == 10


@pytest.mark.long
@pytest.mark.timeout(900)
def test_killed_while_a_transaction_is_open(trial, postgres_port):
    """PostgreSQL takes a batch or nothing, and target-postgres vouches for a STATE only at its end."""
    target = functools.partial(warehouses.postgres, port=postgres_port)
    tried = trial(3, FEW, target, events=150, profiles=50)
    tried.kill(20)
    tried.finish()
    assert tried.killed == 20
