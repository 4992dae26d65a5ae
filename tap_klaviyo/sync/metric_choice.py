"""Several metrics of one stream: which ones, by what is wanted and what is excluded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.sync.metric import Metric, meaning, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ID = re.compile(r"[A-Za-z0-9]{6}", re.ASCII)

Meant = dict[str, tuple[str, ...]]
"""The ids that each name of the settings means."""


class NoMetricError(KlaviyoError):
    """The settings leave no metric to read."""


@dataclass(frozen=True, slots=True)
class MetricChoice:
    """The ids and names that are wanted, all if there are none, and those that are not; and how messages call both."""

    wanted: tuple[str, ...]
    wanted_in: str
    excluded: tuple[str, ...] = ()
    excluded_in: str = ""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The metrics that a choice comes to, and what its names mean."""

    ids: tuple[str, ...]
    meant: Meant


def choose(
    choice: MetricChoice,
    metrics: Sequence[Metric],
    remembered: Mapping[str, Sequence[str]],
    warn: Callable[[str], None],
) -> Chosen:
    """Return what is read.

    A metric that earlier runs read and that is no longer listed has no events: the others are read without it.

    Args:
        choice: What the settings say.
        metrics: All that the account has.
        remembered: What the names meant in earlier runs.
        warn: Is told of names that mean something else by now.

    Raises:
        UnknownMetricError: No metric has such an id or name, or had it in an earlier run.
        NoMetricError: All that is wanted is excluded.
    """
    meant: Meant = {}

    def found(names: Sequence[str], setting: str) -> dict[str, set[str]]:
        ids = {}
        for name in names:
            earlier = remembered.get(name, ())
            ids[name] = {metric.id for metric in meaning(metrics, name, earlier, warn)}
            if not ids[name] and not earlier:
                raise unknown(metrics, name, setting)
            meant[name] = tuple(sorted(ids[name])) or tuple(earlier)
        return ids

    excluded = set[str]().union(*found(choice.excluded, choice.excluded_in).values())
    wanted = found(choice.wanted, choice.wanted_in)
    for name, ids in wanted.items():
        if ids and ids <= excluded:
            message = f"metric '{name}' is both wanted and excluded: take it out of {choice.excluded_in}"
            raise NoMetricError(message)
    every = {metric.id for metric in metrics}
    ids = (set().union(*wanted.values()) if choice.wanted else every) - excluded
    if not ids:
        if choice.wanted:
            raise unknown(metrics, choice.wanted[0], choice.wanted_in)
        message = f"no metric is left to read: take one out of {choice.excluded_in}"
        raise NoMetricError(message)
    return Chosen(tuple(sorted(ids)), meant)


def known_without_list(choice: MetricChoice, remembered: Mapping[str, Sequence[str]]) -> list[Metric] | None:
    """Return the metrics of a choice for a key that may not list them; None if their ids are not known."""
    found = []
    for name in (*choice.wanted, *choice.excluded):
        ids = remembered.get(name) or ([name] if _ID.fullmatch(name) else [])
        if not ids:
            return None
        found += [Metric(one, name) for one in ids]
    return found if choice.wanted else None
