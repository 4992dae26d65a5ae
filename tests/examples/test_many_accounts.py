from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import jsonschema
import pytest
import yaml

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tap_klaviyo.sandbox.server import serve
from tests.targets.installed import installed

ROOT = Path(__file__).parents[2]
EXAMPLE = Path("examples") / "many-accounts"
ACCOUNTS = {"north": 5, "south": 6, "west": 7}
GROUPS = {"events", "people"}
# The tables of each group, by what the shop calls their rows; list_profiles have no id of their own.
KINDS = {
    "events": {"events": "event"},
    "people": {
        "accounts": "account",
        "lists": "list",
        "metrics": "metric",
        "profiles": "profile",
        "segments": "segment",
    },
}
WITHOUT_IDS = {"events": (), "people": ("list_profiles",)}
ALL = tuple(f"{account}-{group}" for account in ACCOUNTS for group in sorted(GROUPS))
ONE_EACH = ("north-events", "south-people", "west-events")
KEYS = {name: f"pk_of_{name}" for name in ACCOUNTS}
NAMES = "import tasks; print(*(node.name for node in tasks.klaviyo.nodes))"
# All files together, as one would attach them: which account's rows are where, and the keys across accounts.
LOADED = """
import duckdb, json, pathlib
found = {}
for file in sorted(pathlib.Path().glob("*.duckdb")):
    with duckdb.connect(str(file), read_only=True) as database:
        names = database.execute("select table_name from information_schema.tables where table_schema = 'klaviyo'")
        for (table,) in names.fetchall():
            rows = database.execute(f"select account_id, * from klaviyo.{table}")
            columns = [column[0] for column in rows.description]
            wanted = [columns.index(name) for name in ("account_id", "id") if name in columns]
            found.setdefault(file.stem, {})[table] = [[row[at] for at in wanted] for row in rows.fetchall()]
print(json.dumps(found, default=str))
"""


@pytest.fixture(scope="module")
def dagster():
    return installed("dagster<2", "pyyaml")


@pytest.fixture(scope="module")
def extractors():
    content = yaml.safe_load((ROOT / EXAMPLE / "meltano.yml").read_text())
    return {extractor["name"]: extractor for extractor in content["plugins"]["extractors"]}


def test_meltano_accepts_the_project_file(meltano):
    (schema,) = meltano.glob("lib/python*/site-packages/meltano/schemas/meltano.schema.json")
    jsonschema.validate(yaml.safe_load((ROOT / EXAMPLE / "meltano.yml").read_text()), json.loads(schema.read_text()))


def test_groups_share_the_limits_and_no_stream_is_in_two(extractors):
    groups = [extractors[f"klaviyo-{name}"] for name in sorted(GROUPS)]
    assert sum(group["config"]["rate_limit_share"] for group in groups) == 1
    first, second = ({*group["select"]} for group in groups)
    assert first.isdisjoint(second)


@pytest.mark.long
def test_there_is_a_task_for_each_group_of_each_account(dagster, extractors):
    command = [dagster / "bin" / "python", "-c", NAMES]
    done = subprocess.run(command, check=True, cwd=ROOT / EXAMPLE, capture_output=True, text=True)
    tasks = {f"{account}_{group}" for account in ACCOUNTS for group in GROUPS}
    assert {*done.stdout.split()} == tasks
    for name in tasks:
        account, group = name.split("_")
        extractor = extractors[f"{account}-{group}"]
        assert extractor["inherit_from"] == f"klaviyo-{group}"
        assert extractor["config"]["auth_token"] == f"${account.upper()}_KEY"


class Project:
    """A copy of the example, with a sandbox for each account."""

    def __init__(self, folder, meltano, dagster):
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
        for name in listed.stdout.splitlines():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        self.home = folder / EXAMPLE
        self.dagster = dagster / "bin" / "dagster"
        (folder / "dagster").mkdir()
        (folder / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}")
        path = f"{meltano / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "DAGSTER_HOME": str(folder / "dagster")}
        self.shops = {name: Shop(seed, events=300, profiles=60) for name, seed in ACCOUNTS.items()}

    def run(self, *command):
        done = subprocess.run(command, check=False, cwd=self.home, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    @contextmanager
    def accounts(self):
        """Serve each account's shop to its own key; to the other accounts' it answers 401."""
        with ExitStack() as servers:
            for name, shop in self.shops.items():
                others = {key for key in KEYS.values() if key != KEYS[name]}
                url = servers.enter_context(serve(Sandbox(shop, access=Access(require_key=True, wrong_keys=others))))
                self.environment |= {f"{name.upper()}_URL": url, f"{name.upper()}_KEY": KEYS[name]}
            yield

    def execute(self, tasks):
        names = ",".join(task.replace("-", "_") for task in tasks)
        self.run(self.dagster, "job", "execute", "-f", "tasks.py", "-j", "klaviyo", "-o", names)

    def loaded(self):
        python = installed("target-duckdb==0.8.0", "duckdb==1.2.2") / "bin" / "python"
        return json.loads(self.run(python, "-c", LOADED))

    def states(self):
        """The states that each of Meltano's databases holds: the stream's bookmarks, by the state's id."""
        found = {}
        for file in (self.home / ".meltano").glob("*-*.db"):
            with closing(sqlite3.connect(file)) as database:
                rows = database.execute("select state_id, completed_state from state").fetchall()
            found[file.stem] = {name: json.loads(state)["singer_state"]["bookmarks"] for name, state in rows}
        return found


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("tasks", [ONE_EACH, ALL], ids=["one each", "all"])
def test_accounts_are_loaded_side_by_side(tasks, dagster, meltano, tmp_path):
    project = Project(tmp_path, meltano, dagster)
    with project.accounts():
        project.run("meltano", "install")
        project.execute(tasks)
        loaded, states = project.loaded(), project.states()
        if tasks is ALL:
            project.execute(tasks)  # each goes on from its own state, and nothing has changed
            assert project.loaded() == loaded

    assert {*loaded} == {*states} == {*tasks}
    for task in tasks:
        account, _, group = task.partition("-")
        shop = project.shops[account]
        (own,) = shop.resources("account")
        for table, kind in KINDS[group].items():
            truth = sorted([own.id, row.id] for row in shop.resources(kind))
            assert sorted(loaded[task][table]) == truth, (task, table)
        assert {*loaded[task]} == {*KINDS[group], *WITHOUT_IDS[group]}
        (bookmarks,) = states[task].values()
        assert [*states[task]] == [f"prod:{task}-to-target-duckdb"]
        assert {*bookmarks} <= {*loaded[task]}
        assert bookmarks
