"""The file that keeps a replaced refresh token between runs."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from filelock import FileLock, Timeout

from tap_klaviyo.http.errors import TokenFileBusyError
from tap_klaviyo.http.redact import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import BaseFileLock

logger = logging.getLogger(__name__)


_LONGEST = 900.0  # seconds; longer than a process that holds the lock retries
_GLANCE = 0.2


class _Content(msgspec.Struct):
    refresh_token: str


class TokenFile:
    """A JSON file with mode 0600, replaced as a whole: a reader sees the old token or the new one.

    A lock file beside it, `.<name>.lock`, lets one process at a time read, use and replace the token.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        # Not the file itself: it is replaced, and a lock on what it was would hold nobody back.
        self._lock_path = path.with_name(f".{path.name}.lock")
        self._told = False

    @contextmanager
    def held(self, rest: Callable[[float], object]) -> Iterator[None]:
        """Keep other processes from using the token; `rest` waits in between, and may raise to give up.

        Raises `TokenFileBusyError` if another one holds it for too long. Without a lock, and with a warning, where the
        file system has none: the token is of more use than the lock.
        """
        lock = FileLock(self._lock_path, mode=0o600)
        try:
            self._acquire(lock, rest)
        except (OSError, NotImplementedError) as error:
            if not self._told:
                self._told = True
                self._warn("locked", error)
        try:
            yield
        finally:
            lock.release()

    def _acquire(self, lock: BaseFileLock, rest: Callable[[float], object]) -> None:
        waited = 0.0
        while waited < _LONGEST:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                rest(_GLANCE)
                waited += _GLANCE
            else:
                return
        message = (
            f"token_file {self._path} has been locked by another process for {_LONGEST:.0f} seconds: stop that process"
        )
        raise TokenFileBusyError(message)

    def read(self) -> Secret | None:
        """The token; None, and a warning, if the file holds none."""
        try:
            content = msgspec.json.decode(self._path.read_bytes(), type=_Content)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._warn("read", error)
            return None
        return Secret(content.refresh_token) if content.refresh_token else None

    def write(self, token: Secret) -> bool:
        """Keep the token; False and a warning if that fails, since the run can go on with the token at hand."""
        try:
            self._replace(msgspec.json.encode(_Content(token.reveal())) + b"\n")
        except OSError as error:
            self._warn("written", error)
            return False
        return True

    def _replace(self, content: bytes) -> None:
        # mkstemp creates with mode 0600, so the token is at no time readable for others.
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)  # noqa: PTH105 - one call, one meaning
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)  # noqa: PTH108 - the name is mkstemp's
            raise

    def _warn(self, what: str, error: Exception) -> None:
        if isinstance(error, OSError):
            why = error.strerror or type(error).__name__
        elif isinstance(error, NotImplementedError):
            why = "the file system has no locks"
        else:
            why = "it is not JSON with a refresh_token"
        logger.warning("token_file %s cannot be %s: %s", self._path, what, why)
