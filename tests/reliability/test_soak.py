"""An hour of polling an account that changes, over a way that fails: complete, and nothing is left behind."""

from __future__ import annotations

import gc
import io
import json
import os
import random
import signal
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from tap_klaviyo.http.oauth import OAuth
from tap_klaviyo.http.waiting import Patience
from tap_klaviyo.sandbox import Limiter, Resource, Shop
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.oauth import OAuth as Install
from tap_klaviyo.tap import TapKlaviyo
from tests.no_data_loss.rig import Table
from tests.reliability.cli import MARK, open_shop
from tests.reliability.hurry import Hurry
from tests.streams.syncing import sync

POLL = 30  # seconds, as all here, of the clock that runs ahead
LAG = 15  # what is younger than ten seconds, no sync reads
# Windows, chains, channels and archives, parents one by one, children in includes, consent, a report.
STREAMS = (
    *("events", "profiles", "campaigns", "flows", "lists", "metrics", "templates", "reviews", "segments"),
    *("list_profiles", "flow_messages", "campaign_tags", "profile_suppressions", "coupon_codes", "images"),
)
# Together one answer in ten. Left out is what falsifies rows: nobody could see that in them.
FAULTS = {
    "throttle": 1,
    "error": 503,
    "html": 403,
    **dict.fromkeys(("broken-json", "cut", "reset", "drop", "broken-gzip", "broken-chunks", "empty-page", "slow")),
    **dict.fromkeys(
        ("next-repeats", "next-first", "loose-bounds", "unknown-attributes", "numbers-as-text", "redirect")
    ),
}
STATUSES = (408, 425, 429, 500, 502, 504)
FEW, MOST = 3, 30  # rounds
# Connections that Klaviyo has closed, and those that took their place, are closed a moment later.
SPARE = 8
MEGABYTES = 10  # the account grows a little, and a heap does too
RATE = 0.1 / (len(FAULTS) + len(STATUSES))


@dataclass(frozen=True)
class Footprint:
    """What a process holds between two rounds; `memory` in MB."""

    threads: int
    files: int
    memory: float

    @classmethod
    def now(cls):
        # Counted as they are: what only the garbage collector would close is left behind.
        threads, files = threading.active_count(), len([*Path("/proc/self/fd").iterdir()])
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(threads, files, pages * os.sysconf("SC_PAGESIZE") / 2**20)


class Loader(io.BytesIO):
    """A target at the other end of stdout."""

    def __init__(self, table):
        super().__init__()
        self.table, self.lines, self._rest = table, 0, b""

    def write(self, data):
        *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
        for line in lines:
            assert MARK.encode() not in line
            self.table.apply(json.loads(line))
            self.lines += 1
        return len(data)


class Log(io.StringIO):
    """Keeps the errors."""

    def __init__(self):
        super().__init__()
        self.said: list[str] = []

    def write(self, text):
        assert MARK not in text
        assert "Traceback" not in text
        if " ERROR " in text:
            self.said.append(text)
        return len(text)


def life(shop, clock):
    """One thing that happens in the account: something new, something changed, somebody who joins a list."""
    chance = random.Random(1)  # noqa: S311 - made up
    ids = {kind: sorted(one.id for one in shop.resources(kind)) for kind in ("profile", "list", "metric", "template")}

    def happen(_shop):
        now = clock.now().isoformat()
        profile, listed = chance.choice(ids["profile"]), chance.choice(ids["list"])
        what = chance.randrange(4)
        if what == 0:
            name = f"new{chance.randrange(10**9)}"
            attributes = {"datetime": now, "timestamp": int(clock.now().timestamp()), "event_properties": {"n": 1}}
            links = {"profile": profile, "metric": ids["metric"][0]}
            shop.put("event", Resource("event", name, attributes, links))
        elif what == 1:
            shop.update("profile", profile, first_name=f"Name {chance.random()}", updated=now)
        elif what == 2:
            shop.update("list", listed, name=f"List {chance.random()}", updated=now)
        else:
            shop.join("list", listed, profile, now)

    return happen


@dataclass
class Soak:
    """What came of it: footprints before, after each round and after all; how many requests and faults there were."""

    code: int
    loaded: Table
    truth: Table
    errors: list[str]
    rounds: list[Footprint]
    before: Footprint
    after: Footprint
    requests: int
    faults: int
    renewed: int


def faults(url):
    """A token's answer is never lost: Klaviyo would have taken back the refresh token that the tap still has."""
    values = {"redirect": url, "slow": 0.01}
    paths = {"numbers-as-text": "/api/reviews"}  # in free-form objects a number stays the text that came
    for kind, value in FAULTS.items():
        yield Fault(kind, rate=RATE, value=values.get(kind, value), path=paths.get(kind, "/api/*"))
    for status in STATUSES:
        yield Fault("error", rate=RATE, value=status, path="/api/*")


def settings(machine):
    return {
        "auth_token": None,
        "client_id": f"{MARK}-id",
        "client_secret": f"{MARK}-secret",
        "refresh_token": f"{MARK}-refresh",
        "token_file": str(machine.folder / "token.json"),
        "max_workers": 8,
        "retry": 12,
        "retry_backoff_multiplier_ms": 100,
        "retry_backoff_max_ms": 10_000,
        "sweep_every_hours": 0,  # at the end everything is compared, members of quiet lists too
    }


def soak(machine, seconds, speed):
    """Poll until the time is up, then sync until nothing is amiss, and compare with a Klaviyo at rest."""
    clock = Hurry(speed)
    shop = Shop(events=300, profiles=100)
    install = Install(f"{MARK}-id", f"{MARK}-secret", f"{MARK}-refresh", expires_in=600, clock=lambda: clock.passed)
    loaded, truth, log = Table(), Table(), Log()
    codes: list[int] = []
    rounds: list[Footprint] = []
    requests: list[int] = []
    with ExitStack() as stack:
        access, limiter = Access(require_key=True, oauth=install), Limiter(1.0, clock=lambda: clock.passed)
        klaviyo, url = stack.enter_context(open_shop(shop, access=access, limiter=limiter, now=clock.now))
        klaviyo.faults.add(*faults(url))
        klaviyo.schedule.add(life(shop, clock), after=5, repeats=True)
        running, before = set(threading.enumerate()), Footprint.now()

        def after_round(_tap):
            requests.append(len(klaviyo.requests))
            klaviyo.requests.clear()
            klaviyo.authorizations.clear()
            rounds.append(Footprint.now())
            if not codes and clock.passed >= seconds and len(rounds) > FEW:
                os.kill(os.getpid(), signal.SIGTERM)

        def run(**more):
            arguments = machine.files(url, *STREAMS, **settings(machine), **more)
            code = machine.run_into(Loader(loaded), log, arguments, {"TAP_KLAVIYO_LOGLEVEL": "WARNING"}, clock.now)
            codes.append(code)
            return code

        patience = partial(Patience, lambda: clock.passed, clock.sleep)
        stack.enter_context(mock.patch("tap_klaviyo.http.client.Patience", patience))
        stack.enter_context(mock.patch("tap_klaviyo.sync.connection.OAuth", partial(OAuth, clock=lambda: clock.passed)))
        stack.enter_context(mock.patch.object(TapKlaviyo, "log_summary", after_round))
        run(poll_interval_ms=int(POLL * 1000 / speed))
        for thread in set(threading.enumerate()) - running:
            thread.join(30)
        after, polled = Footprint.now(), rounds[:]
        happened = sum(klaviyo.faults.happened.values()), sum(requests)
        klaviyo.schedule.clear()
        clock.sleep(LAG, None)
        # A page that leads back time and again ends its stream; the next sync goes on.
        while run(state=loaded.state):
            assert len(codes) < MOST, log.said[-3:]
    for message in sync(shop, *STREAMS, now=clock.now()).messages:
        truth.apply(message)
    return Soak(codes[0], loaded, truth, log.said, polled, before, after, happened[1], happened[0], install.refreshed)


def peak(name, footprints):
    return max(getattr(one, name) for one in footprints)


@pytest.mark.fault(
    "The way to Klaviyo",
    "One answer in ten is faulty, in every way there is, while an account that changes is polled for an hour",
    "Every row is there as Klaviyo has it; no thread, socket or memory is left behind",
)
@pytest.mark.parametrize(
    ("seconds", "speed"),
    [pytest.param(3600, 60, marks=pytest.mark.long, id="hour"), pytest.param(600, 400, id="minutes")],
)
def test_soak(machine, seconds, speed):
    found = soak(machine, seconds, speed)
    assert found.code == 143
    assert found.truth.rows.keys() == {*STREAMS}
    for stream, rows in found.truth.rows.items():
        assert found.loaded.rows[stream] == rows, stream
    assert all("points to a page that was already read" in line for line in found.errors), found.errors
    assert found.faults > found.requests / 20
    assert found.renewed > 1
    # Nothing is left once it has ended, and a round takes no more than those before it.
    assert found.after.threads <= found.before.threads
    assert found.after.files <= found.before.files
    early, late = found.rounds[: len(found.rounds) // 3 + 1], found.rounds[-len(found.rounds) // 3 :]
    assert peak("threads", late) <= peak("threads", early) + SPARE
    assert peak("files", late) <= peak("files", early) + SPARE
    assert peak("memory", late) <= peak("memory", early) + MEGABYTES
