"""One request, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.operation import Operation
    from tap_klaviyo.sandbox.query import Query


@dataclass(frozen=True)
class Asked:
    """``values`` of the path's placeholders, ``base`` the caller's origin, ``number`` of the request in the log."""

    operation: Operation
    path: str
    values: dict[str, str]
    query: Query
    base: str
    body: bytes = b""
    number: int = 0

    @property
    def here(self) -> str:
        """The URL without its query and without a slash at its end."""
        return f"{self.base}{self.place}"

    @property
    def place(self) -> str:
        """The path in the one spelling that cursors are made for."""
        return self.path.removesuffix("/")
