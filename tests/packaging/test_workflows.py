"""What GitHub runs for a release: pinned, in an order that publishes only what was tested, and its shell steps work."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.packaging import pythons

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.yml"))}
RECIPE = ROOT / "examples" / "schedule" / "github-actions.yml"
JOBS = {name: yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"] for name, path in FILES.items()}
STEPS = [
    pytest.param(step["run"], id=f"{name}/{job}/{number}")
    for name, jobs in JOBS.items()
    for job, of in jobs.items()
    for number, step in enumerate(of["steps"])
    if "run" in step
]
CHANGELOG = """# Changelog

## [Unreleased]

Nothing.

## [1.2.3] - 2026-12-01

### Added

- A stream.

## [1.2.2] - 2026-11-30

- Older.
"""
# In place of Docker: options and the image's name are left out, and what the image would run is run here.
DOCKER = """#!/usr/bin/env bash
set -euo pipefail
echo "$@" >>"$ASKED"
if [[ " $* " == *" --entrypoint id "* ]]; then echo "$RUNS_AS"; exit; fi
while [ "$1" != tap-klaviyo:built ]; do shift; done
TAP_KLAVIYO_API_URL=sandbox:// exec "$TAP" "${@:2}"
"""


@pytest.mark.parametrize("path", [*FILES.values(), RECIPE], ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_and_say_their_version(path):
    used = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    pinned = re.compile(r"(?:- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert used
    assert [line for line in used if not pinned.fullmatch(line)] == []


@pytest.mark.parametrize("script", STEPS)
def test_a_step_is_sound_shell(script):
    done = subprocess.run(
        [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "--severity=warning", "-"],
        input=script,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def wants(workflow, job):
    """All jobs that have to succeed before this one."""
    needs = JOBS[workflow][job].get("needs", [])
    direct = {needs} if isinstance(needs, str) else {*needs}
    return direct.union(*(wants(workflow, one) for one in direct))


def builds(job):
    return any(re.search(r"\b(uv|buildx) build\b", step.get("run", "")) for step in job["steps"])


@pytest.mark.parametrize(
    ("workflow", "last", "before"),
    [
        ("release", "publish", {"build", "test"}),
        ("release", "release", {"build", "test", "publish"}),
        ("image", "push", {"build"}),
    ],
)
def test_what_is_published_was_built_once_and_tested(workflow, last, before):
    assert wants(workflow, last) == before
    assert [name for name, job in JOBS[workflow].items() if builds(job)] == ["build"]


def test_only_jobs_that_publish_may_write_or_sign():
    may = {
        (workflow, job)
        for workflow, jobs in JOBS.items()
        for job, of in jobs.items()
        if "write" in of["permissions"].values()
    }
    assert may == {("release", "publish"), ("release", "release"), ("image", "push"), ("contract", "refresh")}


def test_the_release_is_tested_as_wheel_and_archive_on_every_python():
    matrix = JOBS["release"]["test"]["strategy"]["matrix"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert matrix["python"] == [f"3.{minor}" for minor in pythons.MINORS]
    assert {f"Programming Language :: Python :: {version}" for version in matrix["python"]} <= {*project["classifiers"]}
    assert matrix["built"] == ["whl", "tar.gz"]


def test_checks_and_release_leave_out_the_same_tests():
    first, second = (JOBS[name]["test"]["env"]["FROM_CHECKOUT"].split() for name in ("check", "release"))
    assert first == second
    assert [name for name in first if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    ("tag", "notes"),
    [("v1.2.3", ["### Added", "", "- A stream.", ""]), ("v1.2.2", ["- Older."]), ("v1.2.30", None), ("v9.9.9", None)],
)
def test_the_notes_of_a_release_are_its_part_of_the_changelog(tmp_path, tag, notes):
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (script,) = (step["run"] for step in JOBS["release"]["build"]["steps"] if "changelog" in step.get("name", ""))
    environment = {**os.environ, "TAG": tag}
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, check=False)
    assert (done.returncode == 0) == (notes is not None)
    if notes:
        assert (tmp_path / "about" / "notes.md").read_text().split("\n") == ["", *notes, ""]


@pytest.fixture
def try_image(tmp_path):
    """Run .ci/image with something in place of Docker."""
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)

    def run(version, user="65532"):
        environment = {
            **os.environ,
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "TAP": str(Path(sys.executable).with_name("tap-klaviyo")),
            "RUNS_AS": user,
            "ASKED": str(tmp_path / "asked"),
        }
        command = ["bash", ROOT / ".ci" / "image", "tap-klaviyo:built", version]
        return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)

    return run


@pytest.fixture(scope="module")
def version():
    said = subprocess.run(["tap-klaviyo", "--version"], check=True, capture_output=True, text=True).stdout
    return re.findall(r" v(\S+),", said)[0]


@pytest.mark.long
def test_an_image_is_tried_read_only_with_no_privilege_and_no_network(try_image, tmp_path, version):
    done = try_image(version)
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) == 3
    limits = "--read-only --cap-drop ALL --security-opt no-new-privileges --network none"
    assert [line for line in asked if limits not in line] == []


def test_an_image_of_another_version_or_of_root_fails(try_image, version):
    assert try_image("9.9.9").returncode != 0
    assert try_image(version, user="0").returncode != 0
