from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import ExitStack
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


def test_meltano_accepts_the_project_file():
    (schema,) = installed("meltano==4.4.1").glob("lib/python*/site-packages/meltano/schemas/meltano.schema.json")
    jsonschema.validate(yaml.safe_load((ROOT / EXAMPLE / "meltano.yml").read_text()), json.loads(schema.read_text()))


def test_groups_share_the_limits_and_no_stream_is_in_two(extractors):
    groups = [extractors[f"klaviyo-{name}"] for name in sorted(GROUPS)]
    assert sum(group["config"]["rate_limit_share"] for group in groups) == 1
    first, second = ({*group["select"]} for group in groups)
    assert first.isdisjoint(second)


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


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_three_accounts_are_loaded_side_by_side(dagster, tmp_path):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    project, home = tmp_path / EXAMPLE, tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    meltano = installed("meltano==4.4.1") / "bin"
    environment = {**os.environ, "PATH": f"{meltano}{os.pathsep}{os.environ['PATH']}", "DAGSTER_HOME": str(home)}

    def run(*command):
        done = subprocess.run(command, check=False, cwd=project, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    with ExitStack() as servers:
        shops = {}
        for name, seed in ACCOUNTS.items():
            shops[name] = Shop(seed, events=300, profiles=60)
            others = {key for key in KEYS.values() if key != KEYS[name]}
            sandbox = Sandbox(shops[name], access=Access(require_key=True, wrong_keys=others))
            environment[f"{name.upper()}_URL"] = servers.enter_context(serve(sandbox))
            environment[f"{name.upper()}_KEY"] = KEYS[name]
        run("meltano", "install")
        run(dagster / "bin" / "dagster", "job", "execute", "-f", "tasks.py", "-j", "klaviyo")

    python = installed("target-duckdb==0.8.0", "duckdb==1.2.2") / "bin" / "python"
    loaded = json.loads(run(python, "-c", LOADED))
    assert {*loaded} == {f"{account}-{group}" for account in ACCOUNTS for group in GROUPS}
    for account, shop in shops.items():
        (own,) = shop.resources("account")
        for kind, table, group in (("event", "events", "events"), ("profile", "profiles", "people")):
            rows = loaded[f"{account}-{group}"][table]
            assert sorted(rows) == sorted([own.id, row.id] for row in shop.resources(kind)), (account, table)
        assert {*loaded[f"{account}-events"]} == {"events"}
        assert "events" not in loaded[f"{account}-people"]
        for group in GROUPS:
            assert (project / ".meltano" / f"{account}-{group}.db").exists()  # state apart
