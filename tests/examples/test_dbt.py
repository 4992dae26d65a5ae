from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.targets.installed import installed
from tools import dbt as generator
from tools.relations import tables

PROJECT = Path(__file__).parents[2] / "examples" / "dbt"
REQUIREMENTS = [line for line in (PROJECT / "requirements.txt").read_text().splitlines() if line[0] != "#"]
VIEWS = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
found = {}
for name in ("campaign", "event", "flow", "metric", "person"):
    rows = connection.execute(f"select * from fivetran_klaviyo.{name}")
    columns = [column[0] for column in rows.description]
    found[name] = [dict(zip(columns, row)) for row in rows.fetchall()]
json.dump(found, sys.stdout, default=str)
"""


@pytest.fixture(scope="module")
def synced(first_sync):
    """Every stream of the sandbox's shop."""
    return first_sync


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, duckdb_loaded):
    """A DuckDB file that holds it, of our own to write to."""
    loaded, _ = duckdb_loaded
    return shutil.copy(loaded.config.with_name("warehouse.duckdb"), tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def dbt(tmp_path_factory, warehouse):
    """Run dbt on it; return what it says and the folder that it writes to."""
    home = installed(*REQUIREMENTS)
    out = tmp_path_factory.mktemp("dbt")

    def run(*args):
        done = subprocess.run(
            [home / "bin" / "dbt", "--no-use-colors", *args, "--target-path", out, "--log-path", out],
            check=False,
            cwd=PROJECT,
            env={**os.environ, "KLAVIYO_DUCKDB": str(warehouse), "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout, out

    return run


@pytest.fixture(scope="module")
def results(dbt):
    """How each model and test ended, by its name."""
    _, out = dbt("build", "--vars", "off_by_default: true")
    found = json.loads((out / "run_results.json").read_text())["results"]
    return {result["unique_id"]: result["status"] for result in found}


@pytest.fixture(scope="module")
def views(results, warehouse):
    """All rows of the views."""
    assert results
    command = [installed(*REQUIREMENTS) / "bin" / "python", "-c", VIEWS, warehouse]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_the_sources_are_what_the_declarations_say_today():
    assert yaml.safe_load(generator.SOURCES.read_text()) == generator.sources()


@pytest.mark.long
def test_every_key_and_every_reference_holds_in_the_shop(results):
    assert {*results.values()} == {"success", "pass"}
    tests = [name for name in results if name.startswith("test.")]
    for name, table in tables().items():
        key = "source_unique_together" if len(table.keys) > 1 else "source_unique"
        assert [test for test in tests if f"{key}_klaviyo_{name}_" in test], name
    referring = sum(len(table.references) for table in tables().values())
    assert len([test for test in tests if "source_relationships_" in test]) == referring


@pytest.mark.long
def test_what_is_off_by_default_is_not_tested_unless_it_is_loaded(dbt):
    said, _ = dbt("ls", "--resource-type=source", "--output=name")
    assert "WARN" not in said  # dbt has a line for each test that it leaves out for want of its table
    switched_on = {name for name, table in tables().items() if table.on_by_default}
    assert {*re.findall(r"^(?:klaviyo\.)?(\w+)$", said, re.MULTILINE)} == switched_on


@pytest.mark.long
def test_the_views_hold_every_row_once(views, synced):
    streams = {"campaign": "campaigns", "event": "events", "flow": "flows", "metric": "metrics", "person": "profiles"}
    for view, stream in streams.items():
        assert sorted((row["id"],) for row in views[view]) == sorted(synced.key_values(stream)), view


@pytest.mark.long
def test_events_are_who_what_when_and_how_much(views, synced):
    truth = {row["id"]: row for row in synced.records["events"]}
    for row in views["event"]:
        event = truth[row["id"]]
        assert row["person_id"] == event["profile_id"]
        assert (row["metric_id"], row["type"]) == (event["metric_id"], event["metric_name"])
        credited = "attributed_" if event["attribution_ids"] else ""
        for name in ("campaign_id", "flow_id", "flow_message_id"):
            assert row[name] == event[f"{credited}{name}"]
        said = row["property_attribution"] and json.loads(row["property_attribution"])["$attributed_event_id"]
        assert said == event["attributed_event_id"]
        assert (row["property_value"] and float(row["property_value"])) == event["value"]
        assert row["timestamp"][:19] == event["datetime"][:19].replace("T", " ")
    assert len({row["property_value"] for row in views["event"]}) > 10


@pytest.mark.long
def test_campaigns_show_their_first_message(views, synced):
    messages: dict[str, Any] = {}
    for message in sorted(synced.records["campaign_messages"], key=lambda row: (row["created_at"], row["id"])):
        messages.setdefault(message["campaign_id"], message)
    for row in views["campaign"]:
        content = (messages.get(row["id"], {}).get("definition") or {}).get("content") or {}
        shown = (row["subject"], row["from_email"], row["from_name"])
        assert shown == (content.get("subject"), content.get("from_email"), content.get("from_label"))
    assert len({row["subject"] for row in views["campaign"]}) > 10


@pytest.mark.long
def test_people_have_their_place_and_metrics_their_integration(views, synced):
    places = {row["id"]: row["location"] or {} for row in synced.records["profiles"]}
    for row in views["person"]:
        place = places[row["id"]]
        assert (row["address_1"], row["city"]) == (place.get("address1"), place.get("city"))
        latitude = place.get("latitude")
        assert row["latitude"] == (None if latitude in (None, "") else float(latitude))
    assert {type(place.get("latitude")) for place in places.values()} > {str, float}
    integrations = {row["id"]: row["integration"] or {} for row in synced.records["metrics"]}
    for row in views["metric"]:
        category = integrations[row["id"]].get("category")
        named = category["category"] if isinstance(category, dict) else category
        assert (row["integration_name"], row["integration_category"]) == (integrations[row["id"]].get("name"), named)
    assert {type(integration.get("category")) for integration in integrations.values()} > {str, dict}


@pytest.mark.long
def test_amounts_have_no_exponent(dbt):
    numbers = (
        "select {{ decimal_text('x') }} as y from (values (1e-5::double), (1234567.5), (-2e9), (3e25), (null)) t(x)"
    )
    said, _ = dbt("--quiet", "show", "--inline", numbers, "--output", "json", "--log-format", "text")
    shown = [row["y"] for row in json.loads(said[said.index("{") :])["show"]]
    assert shown == ["0.000010", "1234567.500000", "-2000000000.000000", None, None]
