"""Commands as a reader types them: one after the other, in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def environment():
    own = {name: value for name, value in os.environ.items() if not name.startswith("TAP_KLAVIYO_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), own["PATH"]])
    return {**own, "PATH": path, "PYTHONWARNINGS": "ignore"}


def bash(command, folder, variables, *options):
    """Run a command; what it exports is there for the next one."""
    kept = folder / ".exported"
    ran = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", *options, "-c", f"{command}\nenv -0 >'{kept}'"],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    if kept.exists():
        variables.update(line.split("=", 1) for line in kept.read_text().split("\0") if line)
    return ran


def said_by(ran):
    """What a reader looks at: the output, or, where there is none, what went wrong."""
    logged = [line for line in ran.stderr.splitlines() if "Parsing '" not in line and "parse of env" not in line]
    return ran.stdout.splitlines() or logged
