from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.examples.attribution import asked, credited
from tests.examples.test_dbt import PROJECT, REQUIREMENTS
from tests.targets.installed import installed

DBT = (*REQUIREMENTS, "dbt-postgres<1.11")
OURS = ("--select", "attribution", "fivetran")
REVENUE = "select {kind}_id, coalesce(sum(value), 0) from fivetran_klaviyo.{kind}_revenue group by 1 order by 1"
DIALECTS = PROJECT.parents[1] / "tests" / "examples" / "dialects.py"


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


@pytest.mark.long
def test_revenue_of_campaigns_and_flows_is_what_the_shop_credits_to_them(loaded, tmp_path):
    connect, environment, target = loaded
    for _ in range(2):  # the second build adds to what the first one made
        build(tmp_path, environment, target)
        for kind in ("campaign", "flow"):
            truth = credited(kind)
            assert len(truth) > 2
            loaded_amounts = dict(asked(installed(*DBT), connect, REVENUE.format(kind=kind)))
            assert loaded_amounts == pytest.approx(truth)


# The other two build the models, which says more.
BUILT = [pytest.param(dialect, marks=pytest.mark.long) for dialect in ("duckdb", "postgres")]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", *BUILT])
def test_the_models_are_valid_sql_of_each_warehouse(dialect):
    python = installed("jinja2>=3.1", "sqlglot>=26") / "bin" / "python"
    done = subprocess.run([python, DIALECTS, PROJECT, dialect], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    parsed = json.loads(done.stdout)
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    assert {*parsed} == models
