"""Meltano merges each run's state into the last one: rows are neither lost nor left out, whatever was under way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tap_klaviyo.sandbox import Access, Fault, Resource, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.targets import warehouses

QUOTA = 86_400  # seconds: who is told to come back tomorrow ends his stream
KINDS = {"coupon_codes": "coupon-code", "events": "event"}


class Account:
    """An account with a few coupons, a table of each kind, and runs of Meltano between the two."""

    def __init__(self, ran, url, sandbox, folder):
        self.ran, self.url, self.sandbox = ran, url, sandbox
        self.warehouse = warehouses.duckdb(folder)
        self.file = folder / "warehouse.duckdb"
        self.states = (folder / "states").as_uri()
        self.codes = 0

    def give_out(self, coupon):
        """Make a code of a coupon, and an event of now."""
        self.codes += 1
        links = {"coupon": coupon, "profile": None}
        attributes = {"unique_code": f"C{self.codes}", "expires_at": None, "status": "UNASSIGNED"}
        self.sandbox.shop.put("coupon-code", Resource("coupon-code", f"c{self.codes}", attributes, links))
        like, *_ = self.sandbox.shop.resources("event")
        now = datetime.now(UTC)
        dated = {"datetime": now.isoformat(), "timestamp": int(now.timestamp()), "event_properties": {}}
        self.sandbox.shop.put("event", Resource("event", f"e{self.codes}", dated, like.relationships))

    def run(self, cut=None):
        """Run Meltano; each path of ``cut`` is refused until tomorrow at the request of that number."""
        for path, number in (cut or {}).items():
            self.sandbox.faults.add(Fault("throttle", on=frozenset({number}), value=QUOTA, path=path))
        done = self.ran(
            *("--environment=prod", "run", "--state-strategy=merge", "tap-klaviyo", "target-duckdb"),
            MELTANO_STATE_BACKEND_URI=self.states,
            TAP_KLAVIYO_API_URL=self.url,
            TAP_KLAVIYO_AUTH_TOKEN="pk_made_up",
            TAP_KLAVIYO_START_DATE="2000-01-01T00:00:00Z",
            TAP_KLAVIYO_SWEEP_EVERY_HOURS="0",
            TAP_KLAVIYO_STREAM_OPTIONS='{"events": {"page_size": 50}}',
            TAP_KLAVIYO__SELECT_FILTER='["coupon_codes", "events"]',
            TARGET_DUCKDB_FILEPATH=str(self.file),
        )
        self.sandbox.reset()
        said = done.stdout + done.stderr
        assert done.returncode == (1 if cut else 0), said
        assert said.count("is used up until") >= len(cut or ())

    def missing(self):
        """What each table lacks, or has and should not."""
        tables = self.warehouse.tables()
        return {
            table: {row["id"] for row in tables[table]} ^ {row.id for row in self.sandbox.shop.resources(kind)}
            for table, kind in KINDS.items()
        }


@pytest.fixture
def account(ran, tmp_path):
    shop = Shop(7, events=400, profiles=20)
    sandbox = Sandbox(shop, access=Access(require_key=True))
    with serve(sandbox) as url:
        yield Account(ran, url, sandbox, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_runs_that_are_cut_off_and_merged_leave_the_table_whole(account, command):
    code, said = command("install")
    assert code == 0, said
    first, *_, last = (coupon.id for coupon in account.sandbox.shop.resources("coupon"))
    whole: dict[str, set[str]] = {table: set() for table in KINDS}
    for at in (4, 1):
        # In the second round what was under way is over, is merged as such, and is under way again.
        account.run({"/api/coupons/*/coupon-codes": 4, "/api/events": at})
        assert all(account.missing().values())
        account.run()
        assert account.missing() == whole
        account.give_out(first)  # of a coupon that the next run is through with when it is cut off
        account.give_out(last)
