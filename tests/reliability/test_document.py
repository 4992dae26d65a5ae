"""The table in docs/reliability.md is what these tests say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_document_is_what_the_tests_say():
    command = [sys.executable, "-m", "tools.reliability", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_it_has_the_rows():
    table = (ROOT / "docs" / "reliability.md").read_text()
    assert len([line for line in table.splitlines() if line.startswith("| ") and "](../tests/" in line]) >= 40
