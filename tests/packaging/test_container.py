"""The container file's own steps, in folders in place of an image: no machine has to have a container engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = os.environ.get("UV", "uv")  # `uv run` says where it is
VERSION = "1.2.3"
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STEPS = [line.split(maxsplit=1) for line in RECIPE.splitlines() if re.match("[A-Z]+ ", line)]


def said(instruction):
    return [text for name, text in STEPS if name == instruction]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What the steps make: /src, and /app that alone is in the image."""
    root = tmp_path_factory.mktemp("image")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_PROJECT", "VIRTUAL_ENV"))
    }

    def inside(text):
        """A text of the container file, with this run's folder as its root."""
        return re.sub(r"(?<![\w.])/(src|app)\b", lambda found: str(root / found[1]), text)

    for name, text in STEPS:
        if name == "WORKDIR":
            folder = Path(inside(text))
            folder.mkdir(exist_ok=True)
        elif name == "COPY" and "--from" not in text:
            *sources, target = shlex.split(text)
            for source in sources:
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, folder / target if (ROOT / source).is_dir() else folder)
        elif name == "ARG":
            environment |= {text.partition("=")[0]: VERSION}
        elif name == "ENV":
            pairs = (word.partition("=") for word in shlex.split(inside(text)))
            environment |= {key: environment[value[1:]] if value[:1] == "$" else value for key, _, value in pairs}
        elif name == "RUN" and text.startswith("uv "):
            command = [UV, "--quiet", *shlex.split(text)[1:], "--python", sys.executable]
            done = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
    shutil.rmtree(root / "src")  # the second stage has no sources
    return root


@pytest.fixture
def run(image, tmp_path):
    """Run the image's command in an empty folder, in which it writes nothing."""
    (entry,) = said("ENTRYPOINT")
    (program,) = json.loads(entry)

    def run(*args, **environment):
        command = [f"{image}{program}", *args]
        done = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert list(tmp_path.iterdir()) == []
        return done.stdout

    return run


@pytest.mark.long
def test_the_version_is_the_one_it_is_built_with(run):
    assert f"v{VERSION}," in run("--version")


@pytest.mark.long
def test_it_reads_with_settings_from_the_environment(run):
    lines = run("--config=ENV", "--discover", TAP_KLAVIYO_API_URL="sandbox://")
    assert len(json.loads(lines)["streams"]) > 60


@pytest.mark.long
def test_it_holds_what_it_runs_on_and_no_more(image):
    (site,) = (image / "app").glob("lib/python*/site-packages")
    assert (site / "tap_klaviyo" / "py.typed").exists()  # a copy, not a link to the sources
    assert not (site / "pytest").exists()


def test_it_does_not_run_as_root():
    (user,) = said("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert said("RUN")[0].startswith("pip install --no-cache-dir uv==")
