from __future__ import annotations

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tap_klaviyo.sandbox import Shop
from tests.packaging import pythons

ROOT = Path(__file__).parents[2]
UV = os.environ.get("UV", "uv")  # `uv run` says where it is
PUBLIC = {"https://pypi.org/simple"}


def build(source, out, *args, **variables):
    """Build a copy, as somebody does who is not on GitHub unless the variables say so."""
    command = [UV, "build", "--quiet", "--python", sys.executable, "--out-dir", out, *args, source]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    subprocess.run(command, check=True, capture_output=True, text=True, env=environment | variables)


def metadata(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return email.message_from_bytes(wheel.read(name))


def tracked(folder):
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(listed.stdout.splitlines())


def lock():
    return tomllib.loads((ROOT / "uv.lock").read_text())["package"]


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    build(ROOT, out)  # the source archive from the checkout, the wheel from the source archive
    return out


@pytest.fixture(scope="module")
def wheel(dist):
    (path,) = dist.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel):
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == tracked("tap_klaviyo")


def test_the_wheel_carries_the_command_and_the_licence(wheel):
    texts = {name.partition(".dist-info/")[2]: wheel.read(name).decode() for name in wheel.namelist()}
    assert "tap-klaviyo = tap_klaviyo.start:main" in texts["entry_points.txt"]
    assert texts["licenses/LICENSE"] == (ROOT / "LICENSE").read_text()
    assert email.message_from_string(texts["METADATA"])["Requires-Python"] == ">=3.11"


def test_the_source_archive_gives_the_same_version_without_git(dist):
    (archive,) = dist.glob("*.tar.gz")
    (wheel,) = dist.glob("*.whl")
    version = archive.name.removeprefix("singer_tap_klaviyo-").removesuffix(".tar.gz")
    assert wheel.name == f"singer_tap_klaviyo-{version}-py3-none-any.whl"
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert tracked("tests") <= names


@pytest.mark.long
def test_a_copy_without_git_builds_too(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "tap_klaviyo", source / "tap_klaviyo")
    build(source, tmp_path / "out", "--wheel")
    assert (tmp_path / "out" / "singer_tap_klaviyo-0.0.0-py3-none-any.whl").exists()


RELATIVE = re.compile(r"\]\((?!\w+:|#)")


def test_the_description_is_the_readme_and_no_address_is_made_up(wheel):
    found = metadata(wheel)
    assert found.get_payload(decode=True).decode() == (ROOT / "README.md").read_text()
    assert found["Description-Content-Type"] == "text/markdown"
    assert found.get_all("Project-URL") is None


@pytest.mark.parametrize(("kind", "at"), [("tag", "v1.2.3"), ("branch", "a1b2c3")])
def test_a_package_that_github_builds_leads_there(tmp_path, kind, at):
    variables = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "some/where"}
    build(ROOT, tmp_path, "--wheel", **variables, GITHUB_REF_TYPE=kind, GITHUB_REF_NAME="v1.2.3", GITHUB_SHA="a1b2c3")
    (built,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        found = metadata(archive)
    description = found.get_payload(decode=True).decode()
    assert RELATIVE.findall((ROOT / "README.md").read_text())
    assert RELATIVE.findall(description) == []
    assert f"](https://github.com/some/where/blob/{at}/docs/streams.md)" in description
    assert f"](https://github.com/some/where/raw/{at}/examples/pictures/pictures.svg)" in description
    assert "[Apache License 2.0](https://github.com/some/where/blob/" in description
    assert "Repository, https://github.com/some/where" in found.get_all("Project-URL")


def test_the_lock_names_no_private_index():
    sources = [package["source"] for package in lock()]
    assert {source["registry"] for source in sources if "registry" in source} == PUBLIC
    assert [source for source in sources if "registry" not in source] == [{"editable": "."}]


def test_one_distribution_alone_brings_the_backoff_module():
    names = {package["name"] for package in lock()}
    assert "python-backoff" in names
    assert "backoff" not in names


def test_every_run_time_dependency_is_named_in_the_decisions(wheel):
    required = metadata(wheel).get_all("Requires-Dist") or []
    decisions = (ROOT / "docs" / "decisions.md").read_text()
    assert [name for name in (Requirement(line).name for line in required) if f"`{name}`" not in decisions] == []


def versions():
    """This Python, and the others that there are: each of them is an environment to make."""
    here, *others = pythons.found()
    return [here, *(pytest.param(version, marks=pytest.mark.long) for version in others)]


@pytest.mark.parametrize("version", versions())
def test_the_installed_wheel_works_away_from_its_sources(dist, tmp_path, version):
    (built,) = dist.glob("*.whl")
    home = tmp_path / "venv"
    install = ("pip", "install", "--python", home, built)
    for args in (("venv", "--python", pythons.found()[version], home), install):
        subprocess.run([UV, "--quiet", *args], check=True, capture_output=True, text=True)

    def run(program, *args):
        done = subprocess.run(
            [home / "bin" / program, *args], check=False, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("python", "--version").startswith(f"Python {version}.")
    assert built.name.split("-")[1] in run("tap-klaviyo", "--version")
    about = json.loads(run("tap-klaviyo", "--about", "--format=json"))
    assert {"auth_token", "start_date", "stream_options"} <= {*about["settings"]["properties"]}
    assert {name.rpartition("python")[2] for name in about["supported_python_versions"]} >= {version}
    catalog = json.loads(run("tap-klaviyo", "--discover"))
    wanted = {"metrics", "lists", "list_profiles"}
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = stream["tap_stream_id"] in wanted
    (tmp_path / "config.json").write_text('{"api_url": "sandbox://"}')
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    messages = list(map(json.loads, run("tap-klaviyo", "--config=config.json", "--catalog=catalog.json").splitlines()))
    counts = Counter(message["stream"] for message in messages if message["type"] == "RECORD")
    shop = Shop()
    assert counts == {
        "metrics": len(shop.resources("metric")),
        "lists": len(shop.resources("list")),
        "list_profiles": len(shop.memberships("list")),
    }
    assert "--port" in run("python", "-m", "tap_klaviyo.sandbox", "--help")
