from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tap_klaviyo.sandbox.shop import Shop
from tests.docs.blocks import blocks, fits
from tests.docs.shell import bash, said_by

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(command):
    """What the demo says when it is run."""
    code, text = command("run", "demo")
    assert code == 0, text[-3000:]
    return text


def counted(said):
    """Rows by table, as the demo's last step counted them in DuckDB."""
    lines = re.findall(r"demo-report\s+(\w+)\s+([\d,]+)\s*$", said, re.MULTILINE)
    return {name: int(count.replace(",", "")) for name, count in lines}


def loaded(said, table):
    """How many rows the target says it took."""
    return sum(map(int, re.findall(rf'Loading (\d+) rows into .*"{table}"', said)))


def test_the_demo_says_how_many_rows_landed(demo):
    rows = counted(demo)
    shop = Shop()
    for table, kind in (("events", "event"), ("profiles", "profile"), ("campaigns", "campaign"), ("tags", "tag")):
        assert rows[table] == len(shop.resources(kind)), table
    assert rows["list_profiles"] == len(shop.memberships("list"))
    assert f"{len(rows)} tables hold {sum(rows.values()):,} rows" in demo


def steps(page, name):
    """The steps of a page that are marked to be run here."""
    found = blocks(page.read_text(encoding="utf-8"))
    return [step for block in found if block.skipped == f"tests run this as {name}" for step in block.steps()]


def test_the_readme_shows_what_the_demo_says(demo):
    (step,) = steps(ROOT / "README.md", "demo")
    assert step.command == "pip install uv && uvx meltano run demo"
    said = (line[line.index("[info") :] for line in demo.splitlines() if "[info" in line)
    assert fits([" ".join(line.split()) for line in step.output], [" ".join(line.split()) for line in said]), demo


@pytest.mark.usefixtures("demo")
def test_the_readme_shows_what_the_warehouse_answers(clone):
    (step,) = steps(ROOT / "README.md", "query")
    done = subprocess.run(["bash", "-c", step.command], cwd=clone, check=False, capture_output=True, text=True)
    assert fits(step.output, done.stdout.splitlines()), done.stdout + done.stderr


@pytest.mark.long
def test_a_second_demo_resumes_from_the_state_and_adds_no_row(demo, command):
    _, second = command("run", "demo")
    assert counted(second) == counted(demo)
    assert loaded(demo, "events") == counted(demo)["events"]
    assert loaded(second, "events") < 10
    assert loaded(second, "metrics") == counted(second)["metrics"]


@pytest.mark.long
@pytest.mark.usefixtures("demo")
def test_the_commands_of_the_page_on_meltano_work_and_any_state_backend_resumes(meltano, clone):
    variables = {
        **os.environ,
        "PATH": f"{meltano / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "MELTANO_ENVIRONMENT": "prod",
        "MELTANO_STATE_BACKEND_URI": (clone / "states").as_uri(),
        "TAP_KLAVIYO_API_URL": "sandbox://",
        "TAP_KLAVIYO__SELECT_FILTER": '["events"]',
    }
    commands = steps(ROOT / "docs" / "meltano.md", "project")
    said = []
    for step in [*commands, commands[-1]]:
        ran = bash(step.command, clone, variables)
        said.append(f"{step.command}\n{ran.stdout}\n{ran.stderr}")
        assert ran.returncode == 0, said[-1]
        assert fits(step.output or ["…"], said_by(ran)), said[-1]
    assert [path.name for path in (clone / "states").rglob("*tap-klaviyo*")] == ["prod:tap-klaviyo-to-target-duckdb"]
    first, second = (loaded(run, "events") for run in said[-2:])
    assert first > 1000
    assert second < 10


@pytest.mark.long
@pytest.mark.usefixtures("demo")
def test_a_missing_key_is_said_in_one_line(command):
    code, said = command("--environment=prod", "run", "tap-klaviyo", "target-duckdb")
    assert code == 1, said
    (line,) = (line for line in said.splitlines() if "error" in line and "tap-klaviyo" in line)
    assert "auth_token is missing" in line
    assert "Traceback" not in said
