"""What is asked of the contract and is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UnknownRevisionError(LookupError):
    """There is no contract of that revision."""

    def __init__(self, revision: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown revision {revision!r}; this version supports {', '.join(known)}")


class UnknownEndpointError(LookupError):
    """The contract has no such method and path."""

    def __init__(self, path: str, method: str, revision: str) -> None:
        super().__init__(f"{method} {path} is not in revision {revision} of Klaviyo's API")


class UnknownReportError(LookupError):
    """Klaviyo has no report of that kind."""

    def __init__(self, kind: str, known: Iterable[str], revision: str) -> None:
        names = ", ".join(sorted(known))
        super().__init__(f"{kind!r} is not a report of revision {revision} of Klaviyo's API; reports: {names}")


class UnknownSchemaError(LookupError):
    """There is no schema of that name, or for that resource type."""

    def __init__(self, name: str, revision: str) -> None:
        super().__init__(f"{name!r} has no schema in revision {revision} of Klaviyo's API")
