"""A full read lets a real target drop the rows that are gone, softly or for good."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Shop
from tests.streams.syncing import TODAY, sync
from tests.targets import warehouses

pytestmark = pytest.mark.long

STREAMS = ("list_profiles", "profiles")
COUNT = """
import json, sys
{connect}
found = {{}}
for table in ("list_profiles", "profiles"):
    rows = connection.execute(f"select _sdc_deleted_at is null, count(*) from klaviyo.{{table}} group by 1").fetchall()
    found[table] = {{"live" if live else "dropped": count for live, count in rows}}
json.dump(found, sys.stdout)
"""


def full_table(entry):
    entry["replication_method"] = "FULL_TABLE"


@pytest.fixture(params=[True, False], ids=["hard delete", "soft delete"])
def hard(request):
    return request.param


@pytest.fixture
def target(tmp_path, postgres_port, hard):
    made = warehouses.postgres(tmp_path, postgres_port)
    config = json.loads(made.config.read_text())
    made.config.write_text(json.dumps({**config, "activate_version": True, "hard_delete": hard}))
    return made


@pytest.fixture
def load(target, tmp_path):
    """Load what runs wrote, and count the rows of each table."""

    def loaded(*runs):
        file = tmp_path / "messages.jsonl"
        file.write_text("".join(json.dumps(message) + "\n" for run in runs for message in run.messages))
        target.load(file)
        command = [target.home / "bin" / "python", "-c", COUNT.format(connect=target.connect)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    return loaded


def test_rows_that_are_gone_are_dropped_and_no_others(load, hard):
    shop = Shop(events=1, profiles=60)
    first = sync(shop, *STREAMS)
    members = len(shop.memberships("list"))

    left = min(shop.memberships("list"))
    shop.leave("list", left[0], left[1])
    shop.delete("profile", shop.resources("profile")[30].id)
    remaining = len(shop.memberships("list"))
    assert remaining < members

    # Leavers have no date: a sync from the bookmark on does not see them.
    second = sync(shop, *STREAMS, state=first.state)
    assert load(first, second) == {"list_profiles": {"live": members}, "profiles": {"live": 60}}

    full = sync(shop, *STREAMS, state=second.state, change=full_table)
    expected = {"list_profiles": {"live": remaining}, "profiles": {"live": 59}}
    if not hard:
        expected["list_profiles"]["dropped"] = members - remaining
        expected["profiles"]["dropped"] = 1
    assert load(full) == expected
    for stream in STREAMS:
        assert full.bookmark(stream) == second.bookmark(stream) is not None

    # Back to reading from the bookmark on, and to a full read after that.
    later = sync(shop, *STREAMS, state=full.state)
    assert len(later.records["profiles"]) < 59
    assert load(later, sync(shop, *STREAMS, state=later.state, change=full_table)) == expected


def test_one_schedule_drops_them_too(load, hard):
    shop = Shop(events=1, profiles=20)
    config = {"stream_options": {"*": {"full_table_every_days": 7}}}
    first = sync(shop, *STREAMS, config=config)
    members = len(shop.memberships("list"))
    left = min(shop.memberships("list"))
    shop.leave("list", left[0], left[1])
    shop.delete("profile", shop.resources("profile")[10].id)
    remaining = len(shop.memberships("list"))
    second = sync(shop, *STREAMS, config=config, state=first.state, now=TODAY + timedelta(days=1))
    assert load(first, second) == {"list_profiles": {"live": members}, "profiles": {"live": 20}}
    third = sync(shop, *STREAMS, config=config, state=second.state, now=TODAY + timedelta(days=7))
    fourth = sync(shop, *STREAMS, config=config, state=third.state, now=TODAY + timedelta(days=8))
    expected = {"list_profiles": {"live": remaining}, "profiles": {"live": 19}}
    if not hard:
        expected["list_profiles"]["dropped"] = members - remaining
        expected["profiles"]["dropped"] = 1
    assert load(third, fourth) == expected
