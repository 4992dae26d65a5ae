from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tap_klaviyo.sandbox.shop import Shop

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


def demo(meltano, clone):
    """Run the demo; return the rows by table that it says it counted, and all it said."""
    path = f"{meltano / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["meltano", "run", "demo"],
        check=False,
        cwd=clone,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    lines = re.findall(r"demo-report\s+(\w+)\s+([\d,]+)\s*$", said, re.MULTILINE)
    return {name: int(count.replace(",", "")) for name, count in lines}, said


def test_the_demo_says_how_many_rows_landed_and_a_second_one_adds_none(meltano, clone):
    rows, said = demo(meltano, clone)
    shop = Shop()
    for table, kind in (("events", "event"), ("profiles", "profile"), ("campaigns", "campaign"), ("tags", "tag")):
        assert rows[table] == len(shop.resources(kind)), table
    assert rows["list_profiles"] == len(shop.memberships("list"))
    assert f"{len(rows)} tables hold {sum(rows.values()):,} rows" in said
    again, said = demo(meltano, clone)
    assert again == rows
    assert "Incremental state has been updated" in said
