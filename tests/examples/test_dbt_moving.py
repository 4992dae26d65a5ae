"""The tables of other connectors, made of ours on DuckDB: their columns, of their types, and every row."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.examples.test_dbt import PROJECT, REQUIREMENTS
from tests.targets.installed import installed
from tools import moving

PUBLISHED = yaml.safe_load((Path(__file__).parents[1] / "docs" / "moving.yaml").read_text(encoding="utf-8"))
TYPES = {
    "string": {"VARCHAR"},
    "object": {"JSON"},
    "array": {"JSON"},
    "integer": {"BIGINT", "HUGEINT"},
    "boolean": {"BOOLEAN"},
    "date-time": {"TIMESTAMP"},
}
ASK = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
found = {}
for name in json.load(sys.stdin):
    types = {column: kind for column, kind, *_ in connection.execute("describe " + name).fetchall()}
    rows = connection.execute("select * from " + name).fetchall()
    found[name] = [types, [dict(zip(types, row)) for row in rows]]
json.dump(found, sys.stdout, default=str)
"""


def table(view):
    return f"fivetran_klaviyo_{view.tool}.{view.name}"


@pytest.fixture(scope="module")
def built(duckdb_loaded, tmp_path_factory):
    """All views: the types of their columns, and their rows."""
    loaded, _ = duckdb_loaded
    folder = tmp_path_factory.mktemp("moving")
    file = shutil.copy(loaded.config.with_name("warehouse.duckdb"), folder)
    home, views = installed(*REQUIREMENTS), [*moving.views()]
    tools = json.dumps({"moving": sorted({view.tool for view in views})})
    where = ["--target-path", folder, "--log-path", folder]
    done = subprocess.run(
        [home / "bin" / "dbt", "--no-use-colors", "build", "--select", "path:models/moving", "--vars", tools, *where],
        check=False,
        cwd=PROJECT,
        env={**os.environ, "KLAVIYO_DUCKDB": str(file), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    asked = json.dumps([table(view) for view in views])
    return json.loads(subprocess.check_output([home / "bin" / "python", "-c", ASK, file], input=asked, text=True))


@pytest.mark.long
def test_columns_have_the_types_that_are_published(built):
    for view in moving.views():
        types, _ = built[table(view)]
        streams = {name.replace("-", "_"): facts for name, facts in PUBLISHED[view.connector]["streams"].items()}
        for column, kind in streams[view.name].get("columns", {}).items():
            if column in types:
                assert types[column] in TYPES[kind], f"{table(view)}.{column}"


@pytest.mark.long
def test_every_row_is_there_once(built, first_sync):
    for view in moving.views():
        _, rows = built[table(view)]
        meant = {record["id"] for record in first_sync.records["events"] if record["metric_name"] == view.metric}
        keys = meant if view.metric else first_sync.key_values(view.here)
        assert len(rows) == len(keys), table(view)


@pytest.mark.long
def test_documents_are_those_that_klaviyo_answers_with(built, first_sync):
    events = {record["id"]: record for record in first_sync.records["events"]}
    _, rows = built["fivetran_klaviyo_airbyte.events_detailed"]
    for row in rows:
        event = events[row["id"]]
        attributes, relationships = json.loads(row["attributes"]), json.loads(row["relationships"])
        assert attributes["event_properties"] == event["event_properties"]
        assert attributes["datetime"][:19] == event["datetime"][:19]
        assert relationships["metric"]["data"] == {
            "type": "metric",
            "id": event["metric_id"],
            "name": event["metric_name"],
        }
    emails = {record["id"]: record["email"] for record in first_sync.records["profiles"]}
    _, opened = built["fivetran_klaviyo_singer_io.open"]
    assert [row for row in opened if row["profile"]]
    for row in opened:
        for profile in json.loads(row["profile"] or "[]"):
            assert profile["email"] == emails[profile["id"]]


@pytest.mark.long
def test_members_and_exclusions_are_those_of_the_profiles(built, first_sync):
    emails = {record["id"]: record["email"] for record in first_sync.records["profiles"]}
    members = {(record["list_id"], record["profile_id"]) for record in first_sync.records["list_profiles"]}
    for tool in ("hotglue", "hotglue_v2"):
        _, rows = built[f"fivetran_klaviyo_{tool}.list_members"]
        assert {(row["list_id"], row["id"]) for row in rows} == members
        assert [row for row in rows if row["email"]]
        assert all(row["email"] == emails.get(row["id"]) for row in rows)
    _, excluded = built["fivetran_klaviyo_hotglue.global_exclusions"]
    assert sorted((str(row["email"]), row["reason"]) for row in excluded) == sorted(
        (str(emails.get(record["profile_id"])), record["reason"])
        for record in first_sync.records["profile_suppressions"]
    )


@pytest.mark.long
def test_a_person_is_one_profile(built, first_sync):
    events = {record["id"]: record for record in first_sync.records["events"]}
    emails = {record["id"]: record["email"] for record in first_sync.records["profiles"]}
    _, clicked = built["fivetran_klaviyo_hotglue.click"]
    assert [row for row in clicked if row["person"]]
    for row in clicked:
        event = events[row["id"]]
        assert (row["statistic_id"], row["event_name"]) == (event["metric_id"], "Clicked Email")
        assert row["datetime"][:19] == event["datetime"][:19]
        assert bool(row["person"]) == (event["profile_id"] in emails)
        if row["person"]:
            person = json.loads(row["person"])
            assert (person["id"], person["email"]) == (event["profile_id"], emails[event["profile_id"]])
