"""The tables by the names that pages ask for them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools import moving, prediction
from tools.docs import contents, durations, personal, scopes, settings, streams, sweeps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings.own,
    "built-in settings": settings.built_in,
    "streams": streams.in_full,
    "streams in brief": streams.in_brief,
    "scopes": scopes.by_stream,
    "all scopes": scopes.by_default,
    "personal": personal.columns,
    "durations": durations.rates,
    "prediction": prediction.example,
    "sweeps": sweeps.between,
    "contents": contents.in_full,
    "moving": moving.side_by_side,
}
