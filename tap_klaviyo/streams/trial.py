"""A trial of a key: one small page of each selected stream, and a table of what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http.errors import PermissionDeniedError, StoppedError, UnauthorizedError, UnreachableError
from tap_klaviyo.http.redact import brief
from tap_klaviyo.streams.registry import opened
from tap_klaviyo.streams.scopes import Scopes, scopes_of
from tap_klaviyo.sync.failures import in_one_line
from tap_klaviyo.sync.sample import first_page, sampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from singer_sdk import Tap

    from tap_klaviyo.streams.base import BaseStream
    from tap_klaviyo.sync.session import Session

_LONGEST_KEY = 40
_HEAD = ("stream", "scopes", "result", "first row")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one stream; ``row`` is the key of its first row, ``error`` is None if it can be read."""

    stream: str
    scopes: Scopes
    asked: bool = True
    row: str = ""
    error: Exception | None = None
    refused: frozenset[str] = frozenset()
    """The scopes of its requests that were refused, even if the stream came without them."""

    @property
    def is_ok(self) -> bool:
        """Whether the stream came."""
        return self.asked and self.error is None

    @property
    def lacks_feature(self) -> bool:
        """Whether the account is what is in the way, which no other key would change; a sync skips the stream too."""
        return isinstance(self.error, PermissionDeniedError) and not self.error.scopes and bool(self.error.reason)


@dataclass(slots=True)
class Trial:
    """Tries streams in turn.

    Args:
        streams: All that there are, by name.
        session: A session that sends for samples.
    """

    streams: Mapping[str, BaseStream]
    session: Session
    outcomes: list[Tried] = field(default_factory=list)

    def run(self) -> None:
        """Ask each selected stream for a page; of those with a daily quota, which the syncs need, the first alone.

        Raises:
            SettingsError: The settings or the key cannot be used.
            KlaviyoError: The key is wrong, or nobody is reached: no other stream would say anything else.
        """
        scarce = False
        for stream in self.streams.values():
            if not stream.selected:
                continue
            if stream.endpoint.limits.daily is not None and scarce:
                self.outcomes.append(Tried(stream.name, scopes_of(stream, self.streams), asked=False))
                continue
            scarce = scarce or stream.endpoint.limits.daily is not None
            self.outcomes.append(self._tried(stream))

    def _tried(self, stream: BaseStream) -> Tried:
        stream.ABORT_AT_RECORD_COUNT = 1  # rows as dictionaries
        row = ""
        error: Exception | None = None
        try:
            sync, _ = stream.beginning.begin()
            page = first_page(stream.segments(sync))
            row = _key_of(page.records[0], stream.primary_keys) if page and page.records else "none on its first page"
        except (SettingsError, StoppedError, UnauthorizedError):
            raise
        except UnreachableError as failure:
            if failure.status is None and not self.session.sources.answered:
                raise
            error = failure
        except Exception as failure:  # noqa: BLE001 - a bug in one stream says nothing of the others
            error = failure
        refused = frozenset(self.session.sources.refused.get(stream.name, ()))
        return Tried(stream.name, scopes_of(stream, self.streams), row=row, error=error, refused=refused)

    # What it comes to

    @property
    def succeeded(self) -> bool:
        """Whether every selected stream can be read, as far as was asked."""
        return not any(
            (outcome.error and not outcome.lacks_feature) or (not outcome.asked and self.missing(outcome))
            for outcome in self.outcomes
        )

    def missing(self, outcome: Tried) -> frozenset[str]:
        """Return the scopes that the key lacks for a stream: those of what was refused that no other stream showed."""
        if isinstance(outcome.error, PermissionDeniedError):
            asked = frozenset(outcome.error.scopes)
            return asked - self._held or asked
        if not outcome.asked:
            lacking = frozenset[str]().union(*(self.missing(one) for one in self.outcomes if one.asked))
            return outcome.scopes.needed & lacking
        return frozenset() if outcome.error else outcome.refused & frozenset(outcome.scopes.filling) - self._held

    def untried(self, outcome: Tried) -> frozenset[str]:
        """Return the scopes that a refused stream says nothing of: a request behind the refused one was never sent."""
        if not isinstance(outcome.error, PermissionDeniedError) or outcome.lacks_feature:
            return frozenset()
        return outcome.scopes.needed - self.missing(outcome) - self._held

    @property
    def _held(self) -> frozenset[str]:
        """The scopes that a stream came by."""
        held = set[str]()
        for outcome in self.outcomes:
            if outcome.is_ok:
                held |= outcome.scopes.needed
                held |= set(outcome.scopes.filling) - outcome.refused
        return frozenset(held)

    def table(self) -> Iterator[str]:
        """Yield the lines of the table, what failed in full, and the verdict."""
        rows: list[tuple[str, ...]] = [
            _HEAD,
            *(
                (outcome.stream, ", ".join(sorted(outcome.scopes.needed)) or "-", self._result(outcome), outcome.row)
                for outcome in self.outcomes
            ),
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        yield ""
        for outcome in self.outcomes:
            if outcome.error is not None:
                yield f"{outcome.stream}: {in_one_line(outcome.error)}"
        yield self._verdict()

    def _result(self, outcome: Tried) -> str:
        missing = ", ".join(sorted(self.missing(outcome)))
        if outcome.error is not None or not outcome.asked:
            if missing:
                untried = ", ".join(sorted(self.untried(outcome)))
                return f"missing {missing}" + (f"; not tried {untried}" if untried else "")
            if outcome.lacks_feature:
                return "not in this account"
            return "failed" if outcome.asked else "not asked: daily quota"
        if missing:
            columns = sorted({name for scope in self.missing(outcome) for name in outcome.scopes.filling[scope]})
            return f"ok, without {', '.join(columns)}: missing {missing}"
        return "ok"

    def _verdict(self) -> str:
        count = len(self.outcomes)
        ok = sum(outcome.is_ok for outcome in self.outcomes)
        unasked = sum(not outcome.asked for outcome in self.outcomes)
        parts = [f"{ok} ok", f"{count - ok - unasked} not readable", *([f"{unasked} not asked"] if unasked else [])]
        missing = frozenset[str]().union(*map(self.missing, self.outcomes))
        untried = frozenset[str]().union(*map(self.untried, self.outcomes)) - missing
        lacking = f"; the key lacks {', '.join(sorted(missing))}" if missing else ""
        unknown = f"; not tried {', '.join(sorted(untried))}" if untried else ""
        return f"{count} streams: {', '.join(parts)}{lacking}{unknown}"


def tried(tap: Tap, session: Session, echo: Callable[[str], None]) -> bool:
    """Try the streams that a tap's catalog selects, say what came of it, and return whether all can be read."""
    session = sampled(session)
    streams = {stream.name: stream for stream in sorted(opened(tap, session), key=lambda one: one.name)}
    if tap.input_catalog is not None:
        for stream in streams.values():
            stream.apply_catalog(tap.input_catalog)
    trial = Trial(streams, session)
    trial.run()
    for line in trial.table():
        echo(line)
    return trial.succeeded


def _key_of(record: Mapping[str, Any], keys: Sequence[str]) -> str:
    return brief(", ".join(str(record.get(name)) for name in keys), _LONGEST_KEY) or "a row without a key"
