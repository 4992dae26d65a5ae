"""The same with a real target, target-duckdb: killed while it loads, resumed, and the table is the shop."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess

import pytest

from tap_klaviyo.sandbox import Limiter, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.lost.pipeline import Pipeline, catalog_of
from tests.lost.rig import as_instant
from tests.targets import warehouses

STREAMS = ("events", "profiles", "campaigns", "lists", "list_profiles")
KINDS = {"events": ("event", "datetime"), "profiles": ("profile", "updated"), "campaigns": ("campaign", "updated_at")}
UNHURRIED = 1000.0


def run(pipeline, target, sandbox, kill_after=None):
    """Run the tap into the target; the last STATE that the target writes is what it vouches for."""
    tap = pipeline.start()
    if kill_after is not None:
        sandbox.schedule.add(lambda _: os.kill(tap.pid, signal.SIGKILL), after=kill_after)
    command = [str(target.home / "bin" / target.executable), "--config", str(target.config)]
    loading = subprocess.Popen(command, stdin=tap.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    tap.stdout.close()
    said = loading.communicate()[0].splitlines()
    code = tap.wait()
    sandbox.schedule.clear()
    if said:
        json.loads(said[-1])
        pipeline.state.write_bytes(said[-1])
    return code


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cuts", [3, pytest.param(20, marks=pytest.mark.long)])
def test_killed_while_a_warehouse_loads(cuts, tmp_path):
    chance = random.Random(cuts)  # noqa: S311 - no secrets
    sandbox = Sandbox(Shop(5, events=300, profiles=80), limiter=Limiter(UNHURRIED))
    sandbox.latency = 0.005
    options = {stream: {"page_size": 5} for stream in STREAMS}
    with serve(sandbox) as url:
        pipeline = Pipeline(tmp_path / "cut", url, catalog_of(STREAMS), {"stream_options": options})
        target = warehouses.duckdb(tmp_path)
        codes = [run(pipeline, target, sandbox, chance.randrange(250)) for _ in range(cuts)]
        assert -signal.SIGKILL in codes
        assert run(pipeline, target, sandbox) == 0
    tables = target.tables()
    for stream, (kind, key) in KINDS.items():
        held = {row["id"]: as_instant(row[key]) for row in tables[stream]}
        assert held == {one.id: as_instant(one.attributes[key]) for one in sandbox.shop.resources(kind)}
        assert len(tables[stream]) == len(held)
    members = {
        (row["list_id"], row["profile_id"], as_instant(row["joined_group_at"])) for row in tables["list_profiles"]
    }
    truth = {(group, member, as_instant(joined)) for group, member, joined in sandbox.shop.memberships("list")}
    assert members == truth
    assert len(tables["list_profiles"]) == len(truth)
