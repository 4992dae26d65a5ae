"""The file that keeps a replaced refresh token between runs."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from typing import TYPE_CHECKING

import msgspec

from tap_klaviyo.http.redact import Secret

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


class _Content(msgspec.Struct):
    refresh_token: str


class TokenFile:
    """A JSON file with mode 0600, replaced as a whole: a reader sees the old token or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

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

    def write(self, token: Secret) -> None:
        """Keep the token; a warning if that fails, since the run can go on with the token at hand."""
        try:
            self._replace(msgspec.json.encode(_Content(token.reveal())) + b"\n")
        except OSError as error:
            self._warn("written", error)

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
        why = error.strerror if isinstance(error, OSError) else "it is not JSON with a refresh_token"
        logger.warning("token_file %s cannot be %s: %s", self._path, what, why)
