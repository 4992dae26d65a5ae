"""The pages as a searchable site: it builds strictly, and no link on it leads to what it does not hold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "site/mkdocs.yml"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        [*command, "--site-dir", folder], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder, built.stderr


def test_no_link_leads_to_what_was_left_out(site):
    _, said = site
    assert not [line for line in said.splitlines() if "excluded from the built site" in line]


def test_every_page_is_there_and_can_be_searched(site):
    folder, _ = site
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= {path.stem for path in (folder / "docs").glob("*.html")}
    index = (folder / "search" / "search_index.json").read_text()
    assert all(f"docs/{page}.html" in index for page in pages)
