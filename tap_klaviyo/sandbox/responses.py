"""What the sandbox answers with, before it is put on a wire."""

from __future__ import annotations

from dataclasses import dataclass, field

CONTENT_TYPE = "application/vnd.api+json"


@dataclass(frozen=True)
class Response:
    """Status, headers and whole body; ``wire`` names how the server is to spoil the sending of it, if at all."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    wire: str | None = None
