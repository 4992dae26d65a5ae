"""What arrives at once and what within a day: for each stream, what is asked for between two sweeps."""

from __future__ import annotations

from datetime import UTC, datetime

from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.changes import changed_condition, date_of
from tools.docs.pages import code, table
from tools.docs.scopes import streams

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = "nothing"


def between() -> str:
    """What streams ask for between two sweeps, those that ask alike together."""
    found: dict[str, list[str]] = {}
    for stream in streams().values():
        if isinstance(stream, KlaviyoStream) and stream.swept:
            found.setdefault(asked(stream), []).append(stream.name)
    return table(("between two sweeps", "streams"), ((asked, code(names)) for asked, names in found.items()))


def asked(stream: KlaviyoStream) -> str:
    """What a stream asks for; a sweep asks for all of it."""
    spec = stream.spec
    if stream.parent is not None:
        return _of_parents(stream, stream.parent.name)
    put_away = ", unless archived or hidden" if any(variant.swept for variant in spec.variants) else ""
    if spec.replication_key is not None:
        return f"what is new or changed by `{spec.replication_key}`{put_away}"
    if changed_condition(spec.endpoint, _SINCE) is None:
        return NOTHING
    carrier = str(spec.endpoint.resource).replace("-", " ")
    return f"those of each new or changed {carrier}{put_away}"


def _of_parents(stream: KlaviyoStream, parent: str) -> str:
    above = streams()[parent]
    if not isinstance(above, KlaviyoStream):
        return NOTHING
    kinds = {above.spec.record_type, above.endpoint.resource}
    if above.parent is None and not any(date_of(above.endpoint, kind) for kind in kinds):
        return NOTHING
    lately = ", and of those with a new row within 7 days" if stream.late else ""
    return f"those of new or changed `{parent}`{lately}"
