"""How each stream of a sync ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.sync.incomplete import IncompleteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Status(StrEnum):
    """How a stream ended, best first."""

    OK = "ok"
    SKIPPED = "skipped"
    """The key may not read it, and `on_permission_denied` says to go on."""
    INCOMPLETE = "incomplete"
    """Read, but for parents or rows that are named; the next run asks for them again."""
    STOPPED = "stopped"
    """Begun when the run was told to end."""
    NOT_REACHED = "not reached"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a stream did not end well: a short word for the last line, and the whole sentence."""

    status: Status
    brief: str
    line: str

    @classmethod
    def of(cls, error: Exception, line: str, *, skips_denied: bool) -> Ending:
        """Tell the kinds apart: what may be skipped, what is there in part, what failed."""
        if skips_denied and is_denial(error):
            missing = " ".join(getattr(error, "scopes", ()))
            return cls(Status.SKIPPED, f"scope {missing}" if missing else "not permitted", line)
        return cls(Status.INCOMPLETE if isinstance(error, IncompleteError) else Status.FAILED, "", line)


def is_denial(error: Exception) -> bool:
    """Whether nothing stood in the way but what the key may not read."""
    return isinstance(error, PermissionDeniedError) or (isinstance(error, IncompleteError) and error.denied)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stream of a sync came to; `received` is bytes, `waited` and `took` are seconds."""

    stream: str
    status: Status
    records: int = 0
    bookmark: str | None = None
    """The replication key's value that the next run goes on from."""
    requests: int = 0
    received: int = 0
    retries: int = 0
    waited: float = 0.0
    took: float = 0.0
    reason: str | None = None
    brief: str = ""


def report(outcomes: Iterable[Outcome], deselected: Sequence[str], verdict: str, exit_code: int) -> dict[str, Any]:
    """Return what a program reads: every stream, and the verdict."""
    streams = [{name: value for name, value in asdict(one).items() if name != "brief"} for one in outcomes]
    rounded = [one | {"waited": round(one["waited"], 3), "took": round(one["took"], 3)} for one in streams]
    return {"exit_code": exit_code, "verdict": verdict, "streams": rounded, "not_selected": list(deselected)}
