"""What a stream could not read while it read the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

from tap_klaviyo.http.errors import KlaviyoError, PermissionDeniedError, StoppedError, UnauthorizedError

_NAMED = 5


class IncompleteError(KlaviyoError):
    """A part of a stream could not be read; `denied` says whether only because the key may not."""

    def __init__(self, message: str, *, denied: bool) -> None:
        super().__init__(message)
        self.denied = denied


@dataclass(slots=True)
class Missing:
    """What of one stream was passed over, each with the reason."""

    parents: dict[str, Exception] = field(default_factory=dict)
    rows: dict[str, Exception] = field(default_factory=dict)
    unlisted: dict[str, Exception] = field(default_factory=dict)
    """Ids below which the parents could not be listed: these are missing, and all that is below them."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.parents or self.rows or self.unlisted)

    @property
    def denied(self) -> bool:
        """Whether nothing is missing but what the key may not read."""
        why = (*self.parents.values(), *self.unlisted.values())
        return not self.rows and all(isinstance(error, PermissionDeniedError) for error in why)

    def error(self) -> IncompleteError:
        """Return what says so."""
        first = next(iter([*self.parents.values(), *self.unlisted.values(), *self.rows.values()]))
        return IncompleteError(f"{self._said()}; the first failure: {first}", denied=self.denied)

    def beside(self, error: KlaviyoError) -> KlaviyoError:
        """Return the error that ended the stream, with what had been passed over before it."""
        ends_run = isinstance(error, (StoppedError, UnauthorizedError))
        if not self or self.denied or ends_run:
            return error
        return KlaviyoError(f"{error}; before that, {self._said()}")

    def _said(self) -> str:
        said = []
        if self.parents:
            said.append(
                f"{_count(self.parents, 'parent')} could not be read, the next run asks again: {_names(self.parents)}"
            )
        if self.unlisted:
            said.append(
                f"the parents below {_count(self.unlisted, 'resource')} could not be listed, "
                f"the next run asks again: {_names(self.unlisted)}"
            )
        if self.rows:
            said.append(f"{_count(self.rows, 'row')} could not be read and left out: {_names(self.rows)}")
        return "; ".join(said)


def _count(found: dict[str, Exception], what: str) -> str:
    return f"1 {what}" if len(found) == 1 else f"{len(found)} {what}s"


def _names(found: dict[str, Exception]) -> str:
    return ", ".join([*list(found)[:_NAMED], *(["…"] if len(found) > _NAMED else [])])
