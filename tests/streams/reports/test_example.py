"""The worked example of docs/reports.md, as it stands there: sandbox, DuckDB, revenue per campaign and day."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sandbox.ledger import value_of
from tests.streams.reports.syncs import metric_id
from tests.targets.warehouses import duckdb

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "reports"
DOCUMENT = (ROOT / "docs" / "reports.md").read_text()
ASK = "import json, sys; {connect}; json.dump(connection.execute(sys.argv[1]).fetchall(), sys.stdout, default=str)"


@pytest.mark.parametrize("name", ["config.json", "target.json", "revenue.sql"])
def test_the_document_shows_the_files(name: str) -> None:
    assert (EXAMPLE / name).read_text() in DOCUMENT


def shown() -> list[list[str]]:
    """Return the rows of the table that the document shows."""
    lines = DOCUMENT.partition("| day | campaign |")[2].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def from_the_shop() -> dict[tuple[str, str], float]:
    """Add up what the shop's own orders say, without any report."""
    shop = Shop()
    placed, zone = metric_id(shop, "Placed Order"), ZoneInfo("US/Eastern")
    found: dict[tuple[str, str], float] = defaultdict(float)
    for event in shop.resources("event"):
        day = datetime.fromisoformat(event.attributes["datetime"]).astimezone(zone).date().isoformat()
        if event.relationships["metric"] != placed or not "2025-01-01" <= day <= "2025-06-30":
            continue
        for attribution_id in event.relationships["attributions"] or ():
            attribution = shop.get("attribution", attribution_id)
            campaign = attribution and shop.get("campaign", str(attribution.relationships["campaign"]))
            if campaign:
                found[day, campaign.attributes["name"]] += value_of(event.attributes["event_properties"])
    return found


def test_revenue_per_campaign_and_day(tmp_path: Path) -> None:
    messages = tmp_path / "messages.jsonl"
    command = [sys.executable, "-m", "tap_klaviyo.tap", "--config", str(EXAMPLE / "config.json")]
    with messages.open("w") as out:
        done = subprocess.run(
            command, check=False, stdout=out, stderr=subprocess.PIPE, text=True, env={**os.environ, "LOGLEVEL": "INFO"}
        )
    assert done.returncode == 0, done.stderr[-3000:]
    warehouse = duckdb(tmp_path)
    configured = json.loads(warehouse.config.read_text())
    configured["filepath"] = Path(configured["filepath"]).name
    assert json.loads((EXAMPLE / "target.json").read_text()).items() <= configured.items()
    warehouse.load(messages)
    ask = [str(warehouse.home / "bin" / "python"), "-c", ASK.format(connect=warehouse.connect)]
    answered = subprocess.run(
        [*ask, (EXAMPLE / "revenue.sql").read_text()], check=True, capture_output=True, text=True
    ).stdout
    rows = [
        [day[:10], campaign, str(int(orders)), f"{revenue:.2f}"]
        for day, campaign, orders, revenue in json.loads(answered)
    ]
    assert {(day, campaign): pytest.approx(float(revenue)) for day, campaign, _, revenue in rows} == from_the_shop()
    assert rows == shown()
