from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import defaultdict

import pytest

from tap_klaviyo.sandbox import Shop
from tests.examples.test_dbt import PROJECT, REQUIREMENTS
from tests.targets import warehouses
from tests.targets.installed import installed

DBT = (*REQUIREMENTS, "dbt-postgres<1.11")
OURS = ("--select", "attribution", "fivetran")
REVENUE = "select {kind}_id, coalesce(sum(value), 0) from fivetran_klaviyo.{kind}_revenue group by 1 order by 1"
DIALECTS = PROJECT.parents[1] / "tests" / "examples" / "dialects.py"


@pytest.fixture(params=["duckdb", "postgres"])
def loaded(request, tmp_path):
    """A warehouse with the sandbox's shop in it, dbt's environment variables for it, and its name in profiles.yml."""
    if request.param == "duckdb":
        warehouse, _ = request.getfixturevalue("duckdb_loaded")
        file = shutil.copy(warehouse.config.with_name("warehouse.duckdb"), tmp_path)
        return f"import duckdb; connection = duckdb.connect({str(file)!r})", {"KLAVIYO_DUCKDB": str(file)}, "duckdb"
    port = request.getfixturevalue("postgres_port")
    warehouse = warehouses.postgres(tmp_path, port)
    warehouse.load(request.getfixturevalue("first_sync").path)
    database = json.loads(warehouse.config.read_text())["database"]
    connect = (
        f"import psycopg2; connection = psycopg2.connect('host=127.0.0.1 port={port} user=postgres dbname={database}')"
    )
    return connect, {"KLAVIYO_POSTGRES_PORT": str(port), "KLAVIYO_POSTGRES_DATABASE": database}, "postgres"


def build(tmp_path, environment, target):
    command = [installed(*DBT) / "bin" / "dbt", "--no-use-colors", "build", *OURS, "--target", target]
    done = subprocess.run(
        [*command, "--target-path", tmp_path / "dbt", "--log-path", tmp_path / "dbt"],
        check=False,
        cwd=PROJECT,
        env={**os.environ, **environment, "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def asked(connect, question):
    program = (
        f"import json; {connect}; cursor = connection.cursor(); cursor.execute({question!r}); "
        "print(json.dumps([[name, float(value)] for name, value in cursor.fetchall()]))"
    )
    python = installed(*DBT) / "bin" / "python"
    return json.loads(subprocess.run([python, "-c", program], check=True, capture_output=True, text=True).stdout)


def amount(written):
    """What is written, as a number; what is no number is worth nothing."""
    try:
        return float(written or 0)
    except ValueError:
        return 0.0


def credited(kind):
    """What the shop itself credits to each campaign or flow: not a line of the tap is in this."""
    shop = Shop()
    found: dict[str, float] = defaultdict(float)
    for attribution in shop.resources("attribution"):
        (event_id,) = shop.related(attribution, "event")
        event = shop.get("event", event_id)
        assert event is not None
        properties = event.attributes["event_properties"]
        for to in shop.related(attribution, kind):
            found[to] += amount(properties.get("$value")) or amount(properties.get("value"))
    return dict(found)


@pytest.mark.long
def test_revenue_of_campaigns_and_flows_is_what_the_shop_credits_to_them(loaded, tmp_path):
    connect, environment, target = loaded
    for _ in range(2):  # the second build adds to what the first one made
        build(tmp_path, environment, target)
        for kind in ("campaign", "flow"):
            truth = credited(kind)
            assert len(truth) > 2
            loaded_amounts = dict(asked(connect, REVENUE.format(kind=kind)))
            assert loaded_amounts == pytest.approx(truth)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "snowflake", "bigquery"])
def test_the_models_are_valid_sql_of_each_warehouse(dialect):
    python = installed("jinja2>=3.1", "sqlglot>=26") / "bin" / "python"
    done = subprocess.run([python, DIALECTS, PROJECT, dialect], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    parsed = json.loads(done.stdout)
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert {*parsed} == models
