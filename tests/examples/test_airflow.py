"""The Airflow example, in the newest Airflow: the DAG loads, and a run of it loads every account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.targets.installed import installed

EXAMPLES = Path(__file__).parents[2] / "examples"
ACCOUNTS = {"north": 5, "south": 6, "west": 7}
KEYS = {name: f"pk_of_{name}" for name in ACCOUNTS}
# Run by Airflow's own Python.
LOADED = """
import json, sys
from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
dags = [
    {
        "id": dag.dag_id,
        "side_by_side": dag.max_active_runs,
        "catchup": dag.catchup,
        "tasks": {task.task_id: [task.retries, bool(task.upstream_task_ids)] for task in dag.tasks},
    }
    for dag in bag.dags.values()
]
json.dump({"errors": bag.import_errors, "dags": dags}, sys.stdout)
"""
# What stands in for a target: it counts, and vouches for each state.
TARGET = """#!{python}
import json, sys
stored = set()
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "RECORD" and message["stream"] == "events":
        stored.add(message["record"]["id"])
    if message["type"] == "STATE":
        print(json.dumps(message["value"]), flush=True)
assert sys.argv[1:] == ["--config", "target.json"]
json.dump(sorted(stored), open("stored.json", "w"))
"""

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


class Airflow:
    """An Airflow of its own, whose DAGs are the example."""

    def __init__(self, folder):
        self.folder = folder
        self.home = installed("apache-airflow==3.3.2")
        path = os.pathsep.join((str(self.home / "bin"), str(folder), str(Path(sys.executable).parent), "/usr/bin:/bin"))
        self.environment = os.environ | {
            "PATH": path,
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "KLAVIYO_HOME": str(folder),
            "NO_COLOR": "1",
        }

    def run(self, *command):
        done = subprocess.run(
            command, check=False, cwd=self.folder, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout


@pytest.fixture
def airflow(tmp_path):
    return Airflow(tmp_path)


def test_the_dag_loads_with_a_task_for_each_account_and_one_run_at_a_time(airflow):
    said = airflow.run("python", "-c", LOADED, EXAMPLES / "airflow")
    found = json.loads(said.splitlines()[-1])
    assert found["errors"] == {}
    (dag,) = found["dags"]
    assert (dag["id"], dag["side_by_side"], dag["catchup"]) == ("klaviyo", 1, False)
    assert dag["tasks"] == {name: [2, False] for name in ACCOUNTS}


def test_a_run_loads_each_account_with_its_own_key_and_keeps_its_state(airflow, tmp_path):
    target = tmp_path / "target-postgres"
    target.write_text(TARGET.format(python=sys.executable))
    target.chmod(0o755)
    (tmp_path / "sync.sh").write_bytes((EXAMPLES / "schedule" / "sync.sh").read_bytes())
    (tmp_path / "sync.sh").chmod(0o755)
    shops = {name: Shop(seed, events=200, profiles=20) for name, seed in ACCOUNTS.items()}
    with ExitStack() as servers:
        for name, shop in shops.items():
            others = {key for key in KEYS.values() if key != KEYS[name]}
            url = servers.enter_context(serve(Sandbox(shop, access=Access(require_key=True, wrong_keys=others))))
            (tmp_path / name).mkdir()
            (tmp_path / name / "config.json").write_text(json.dumps({"api_url": url}))
            (tmp_path / name / "target.json").write_text("{}")
            secret = json.dumps({"conn_type": "generic", "password": KEYS[name]})
            airflow.environment[f"AIRFLOW_CONN_KLAVIYO_{name.upper()}"] = secret
        airflow.run("airflow", "db", "migrate")
        airflow.run("airflow", "dags", "test", "klaviyo")
    for name, shop in shops.items():
        stored = json.loads((tmp_path / name / "stored.json").read_text())
        assert stored == sorted(event.id for event in shop.resources("event"))
        assert "events" in json.loads((tmp_path / name / "state.json").read_text())["bookmarks"]
