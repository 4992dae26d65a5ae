"""The commands of docs/incremental.md, in their order, in one folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from tests.targets.messages import TAP

PAGE = Path(__file__).parents[2] / "docs" / "incremental.md"
PROFILE = '"RECORD","stream":"profiles"'
BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


def test_every_command_of_the_page_does_what_it_says(tmp_path):
    commands = []
    for block in BLOCK.finditer(PAGE.read_text()):
        if block["file"]:
            (tmp_path / block["file"]).write_text(block["text"])
        elif block["language"] == "sh":
            commands.append(block["text"])
    assert len(commands) == 3
    path = os.pathsep.join([str(TAP.parent), os.environ["PATH"]])
    script = "\n".join(commands)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    ranged = (tmp_path / "range.jsonl").read_text()
    assert '"stream":"events"' in ranged
    assert '"stream":"profiles"' not in ranged
    assert not re.search(r'"datetime":"(?!2024)', ranged)
    states = [bookmarks(tmp_path / name) for name in ("second.jsonl", "range.jsonl")]
    assert states[0]["events"] == states[1]["events"]
    assert (tmp_path / "first.jsonl").read_text().count(PROFILE) == (tmp_path / "third.jsonl").read_text().count(
        PROFILE
    )


def bookmarks(path):
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.startswith('{"type":"STATE"')]
    return lines[-1]["value"]["bookmarks"]
