"""CONTRIBUTING is right: what is where, and the steps to add a stream, which are followed on a copy to the letter."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import ANNEXES, FLOORS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STREAM = "catalog_item_categories"
# What the steps ask for: a declaration, its line in the module's list, and how the shop calls the links.
DECLARATION = f'''

class CatalogItemCategories(KlaviyoStream):
    """A category of a product. One request per item, and one more per 100 categories."""

    name = "{STREAM}"
    path = "/api/catalog-items/{{id}}/relationships/categories"
    primary_keys = ("catalog_item_id", "catalog_category_id")
    parent = CatalogItems
    parent_column = "catalog_item_id"
    id_column = "catalog_category_id"
    attributes = ()


STREAMS = (
    CatalogItemCategories,
'''
LINK = f"""LINKS = {{
    "{STREAM}": ("catalog-item", "categories"),
"""


def section(title):
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def table():
    """The packages of each row, with what they may import, top first."""
    rows = re.findall(r"^\| (`[^|]+`) \|[^|]+\| ([^|]+) \|$", section("What is where"), re.MULTILINE)
    return [(set(re.findall(r"`([a-z]+)`", names)), allowed) for names, allowed in rows]


def test_the_table_has_every_package_in_the_order_of_its_floor():
    order = [names for names, _ in table() if not names & {*ANNEXES}]
    flat = [name for names in order for name in sorted(names)]
    floors = [next(number for number, rooms in enumerate(FLOORS) if name in rooms) for name in flat]
    assert floors == sorted(floors)
    assert {*flat} == set().union(*FLOORS)


@pytest.mark.parametrize(("names", "allowed"), table(), ids=lambda value: "+".join(sorted(value)))
def test_what_a_package_may_import_is_the_floor_below(names, allowed):
    named = {*re.findall(r"`([a-z]+)`", allowed)} - {*ANNEXES}
    below = [rooms for rooms in FLOORS if not rooms & names]
    depth = next((number for number, rooms in enumerate(FLOORS) if rooms & names), len(FLOORS))
    assert named == (FLOORS[depth + 1] if "tap" not in names and depth + 1 < len(FLOORS) else set())
    assert ("and below" in allowed) == (bool(named) and below[-1] != FLOORS[depth + 1])


def places():
    """Each of the one-line answers: what it is about, the files that it leads to, and the names in code."""
    for line in re.findall(r"^- \*\*(.+?)(?=\n- |\n*\Z)", section("What is where"), re.MULTILINE | re.DOTALL):
        subject, _, answer = line.partition("**")
        text = re.sub(r"\]\([^)]+\)", "]", answer)
        names = {re.sub(r"\W.*", "", name) for name in re.findall(r"`([^`]+)`", text)}
        yield pytest.param([ROOT / path for path in re.findall(r"\]\(([^)]+)\)", answer)], names, id=subject)


@pytest.mark.parametrize(("files", "names"), [*places()])
def test_an_answer_leads_to_where_the_names_are(files, names):
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert files
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_there_are_seven_answers():
    assert len([*places()]) == 7


def commands():
    """The commands of the last step; `uv run` is the environment that this test runs in."""
    (block,) = re.findall(r"```sh\n(.*?)```", section("Add a stream in four steps"), re.DOTALL)
    assert block.count("tags") == 1  # the example's name, in whose place the new one stands
    for line in block.replace("tags", STREAM).splitlines():
        match shlex.split(line):
            case ["uv", "run", "python", *rest]:
                yield [sys.executable, *rest]
            case ["uv", "run", "pytest", *rest]:
                yield [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *rest]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The repository as it is, without what is not tracked."""
    folder = tmp_path_factory.mktemp("repository")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def replace(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, after), encoding="utf-8")


def run(command, folder):
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_the_steps_add_a_stream(copy):
    replace(copy / "tap_klaviyo" / "streams" / "catalogs.py", "\n\nSTREAMS = (\n", DECLARATION)
    replace(copy / "tests" / "streams" / "test_records.py", "LINKS = {\n", LINK)
    *tools, checks = commands()
    behind = run([*checks[:-1], "today", "-n", "0"], copy)
    assert behind.returncode == 1, behind.stdout  # nothing has been written yet
    assert "2 failed" in behind.stdout  # the diagrams and the sources of dbt
    for command in tools:
        written = run(command, copy)
        assert written.returncode == 0, written.stderr
    outcome = run(checks, copy)
    assert outcome.returncode == 0, outcome.stdout
    assert f"name: {STREAM}" in (copy / "examples" / "dbt" / "models" / "klaviyo.yml").read_text(encoding="utf-8")
