"""The recipes for a schedule: the script is run, the files for other machines fit their schemas."""

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

RECIPES = Path(__file__).parents[2] / "examples" / "schedule"
TARGET = """
import json, sys
stored = 0
for line in sys.stdin:
    message = json.loads(line)
    stored += message["type"] == "RECORD" and message["stream"] == "events"
    if message["type"] == "STATE":
        print(json.dumps(message["value"]), flush=True)
open("stored", "w").write(str(stored))
"""


def sync(folder: Path, target: str = TARGET) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    command = [str(RECIPES / "sync.sh"), str(folder), sys.executable, "-c", target]
    return subprocess.run(
        command, env=os.environ | {"PATH": path}, check=False, capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"api_url": "sandbox://"}')
    return tmp_path


@pytest.mark.long
def test_the_second_run_reads_what_is_new(folder: Path):
    first = sync(folder)
    assert first.returncode == 0, first.stderr
    everything = int((folder / "stored").read_text())
    assert "events" in json.loads((folder / "state.json").read_text())["bookmarks"]
    second = sync(folder)
    assert second.returncode == 0, second.stderr
    assert int((folder / "stored").read_text()) < everything
    assert {path.name for path in folder.iterdir()} == {"config.json", "lock", "state.json", "stored"}


def test_a_second_start_does_nothing(folder: Path):
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = sync(folder)
    assert (refused.returncode, refused.stdout) == (0, "")
    assert "another run holds" in refused.stderr
    assert not (folder / "stored").exists()


def test_a_target_that_fails_leaves_the_last_whole_state(folder: Path):
    fails = "print('{\"bookmarks\": {}}'); print('{\"book', end=''); raise SystemExit(3)"
    assert sync(folder, fails).returncode != 0
    assert json.loads((folder / "state.json").read_text()) == {"bookmarks": {}}


@pytest.mark.parametrize(
    ("schema", "name"),
    [("vendor.github-workflows", "github-actions.yml"), ("vendor.compose-spec", "compose.yml")],
)
def test_a_recipe_fits_its_schema(schema: str, name: str):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(RECIPES / name)]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_the_cron_job_mounts_what_it_has_and_runs_one_at_a_time():
    claim, job = yaml.safe_load((RECIPES / "kubernetes.yml").read_text())["items"]
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    claims = {
        volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume
    }
    assert claims == {claim["metadata"]["name"]}
