"""Programs that the tests run but that must not share an environment with the tap, kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tap-klaviyo-tests"
UV = os.environ.get("UV", "uv")  # `uv run` says where it is
# duckdb 1.2.2 is the newest that target-duckdb 0.8.0 loads a row into, and it has wheels for these Pythons alone.
PYTHON = ">=3.11,<3.14"


def installed(*requirements: str, archive: str | None = None) -> Path:
    """A virtual environment with these requirements, made at the first call ever and found afterwards.

    With an ``archive``, a published source archive, they are folders in it.
    """
    digest = hashlib.sha256("\n".join([*requirements, *([archive] if archive else [])]).encode()).hexdigest()[:12]
    home = CACHE / digest
    complete = home / ".complete"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{digest}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes may run side by side
        if not complete.exists():
            _uv("venv", "--clear", "--python", PYTHON, str(home))
            wanted = [str(_unpacked(archive, home) / folder) for folder in requirements] if archive else requirements
            _uv("pip", "install", "--python", str(home), *wanted)
            complete.write_text("\n".join(requirements))
    return home


def _unpacked(archive: str, home: Path) -> Path:
    """The folder of a source archive, inside the environment."""
    sources = home / "sources"
    _uv("pip", "install", "--python", str(home), "pip")  # uv itself downloads no archives
    download = ["-m", "pip", "--quiet", "download", "--no-deps", "--no-binary=:all:", f"--dest={sources}", archive]
    _run(str(home / "bin" / "python"), *download)
    (packed,) = sources.glob("*.tar.gz")
    shutil.unpack_archive(packed, sources, filter="data")
    return sources / packed.name.removesuffix(".tar.gz")


def _uv(*args: str) -> None:
    _run(UV, "--quiet", *args)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        message = f"{' '.join(command[:4])} failed: {done.stderr}"
        raise RuntimeError(message)
