"""A clone of this repository, and Meltano in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The files of this repository, as whoever clones it gets them."""
    home = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, home / name)
    return home


@pytest.fixture(scope="module")
def ran(meltano, clone):
    """Run a Meltano command in the clone."""

    def run(*args, **variables):
        path = f"{meltano / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["meltano", *args],
            check=False,
            cwd=clone,
            env={**os.environ, "PATH": path, "NO_COLOR": "1", **variables},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture(scope="module")
def command(ran):
    """Run a Meltano command in the clone; return its exit code and all it said."""

    def run(*args, **variables):
        done = ran(*args, **variables)
        return done.returncode, done.stdout + done.stderr

    return run
