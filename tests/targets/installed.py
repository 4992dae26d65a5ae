"""Programs that the tests run but that must not share an environment with the tap, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tap-klaviyo-tests"
UV = os.environ.get("UV", "uv")  # `uv run` says where it is
# duckdb 1.2.2 is the newest that target-duckdb 0.8.0 loads a row into, and it has wheels for these Pythons alone.
PYTHON = ">=3.11,<3.14"


def installed(*requirements: str) -> Path:
    """A virtual environment with these requirements, made at the first call ever and found afterwards."""
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:12]
    home = CACHE / digest
    complete = home / ".complete"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes may run side by side
        if not complete.exists():
            _uv("venv", "--clear", "--python", PYTHON, str(home))
            _uv("pip", "install", "--python", str(home), *requirements)
            complete.write_text("\n".join(requirements))
    return home


def _uv(*args: str) -> None:
    done = subprocess.run([UV, "--quiet", *args], check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"uv {args[0]} failed: {done.stderr}"
        raise RuntimeError(message)
