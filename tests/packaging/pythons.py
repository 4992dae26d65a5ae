"""The CPythons of this machine that the distribution is for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MINORS = (11, 12, 13, 14)
SAY = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


def found() -> dict[str, str]:
    """Return a working interpreter for each version that there is; at least the one that runs this."""
    here = f"3.{sys.version_info.minor}"
    return {here: sys.executable} | {
        version: program
        for version in (f"3.{minor}" for minor in MINORS)
        if version != here and (program := next(filter(_works, _candidates(version)), None))
    }


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    yield from filter(None, [shutil.which(name)])
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for folder in (*pyenv.glob(f"{version}.*"), *managed.glob(f"cpython-{version}.*")):
        yield str(folder / "bin" / name)


def _works(program: str) -> bool:
    # A shim of pyenv stands on the PATH for versions that are switched off.
    try:
        said = subprocess.run([program, "-c", SAY], check=False, capture_output=True, text=True)
    except OSError:
        return False
    minor = Path(program).name.rpartition(".")[2]
    return said.stdout.split() == ["cpython", "3", minor]
