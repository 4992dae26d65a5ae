"""The recipes for a schedule: the script is run, the files for other machines fit their schemas."""

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.catalogs import selecting
from tests.targets.installed import installed

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


@pytest.fixture
def polling():
    return yaml.safe_load((RECIPES / "compose.yml").read_text())["services"]["polling"]


def test_a_container_that_polls_is_healthy_as_long_as_its_syncs_end(polling, tmp_path):
    report = tmp_path / "report.json"
    catalog = tmp_path / "catalog.json"
    catalog.write_text(json.dumps(selecting({"api_url": "sandbox://"}, ["metrics"])))

    def healthy() -> bool:
        test = polling["healthcheck"]["test"].replace("/tmp/report.json", str(report))  # noqa: S108
        return subprocess.run(["sh", "-c", test], check=False, capture_output=True).returncode == 0

    given = {name: str(value) for name, value in polling["environment"].items() if value is not None}
    assert given["TAP_KLAVIYO_REPORT_FILE"] in polling["healthcheck"]["test"]
    environment = os.environ | given | {"TAP_KLAVIYO_REPORT_FILE": str(report), "TAP_KLAVIYO_API_URL": "sandbox://"}
    command = [Path(sys.executable).with_name("tap-klaviyo"), *polling["command"], "--catalog", catalog]
    assert not healthy()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tap:
        end = time.monotonic() + 120
        while not healthy() and time.monotonic() < end:
            time.sleep(0.05)
        assert tap.poll() is None  # it waits for the next sync
        tap.terminate()
    assert (tap.returncode, healthy()) == (143, True)
    old = time.time() - 2 * 3600
    os.utime(report, (old, old))
    assert not healthy()


# Run by an environment of its own: the schemas of Kubernetes are large.
FITS = """
import sys, kubernetes_validate, yaml
for resource in yaml.safe_load(open(sys.argv[1]))["items"]:
    for version in ("1.25", "1.37"):
        kubernetes_validate.validate(resource, version, strict=True)
"""


def fits(manifest: Path) -> subprocess.CompletedProcess[str]:
    python = installed("kubernetes-validate==1.37.0") / "bin" / "python"
    return subprocess.run([python, "-c", FITS, manifest], check=False, capture_output=True, text=True)


def test_the_cron_job_fits_the_schemas_of_kubernetes(tmp_path):
    manifest = RECIPES / "kubernetes.yml"
    checked = fits(manifest)
    assert checked.returncode == 0, checked.stderr
    misspelt = tmp_path / "misspelt.yml"
    misspelt.write_text(manifest.read_text().replace("concurrencyPolicy", "concurrency"))
    assert "'concurrency' was unexpected" in fits(misspelt).stderr


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
