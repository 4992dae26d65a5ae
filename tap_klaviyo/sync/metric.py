"""Which metric a report counts as conversion, and metric aggregates count at all."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import BadRequestError, KlaviyoError

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = "Placed Order"


class UnknownMetricError(KlaviyoError):
    """No metric of the account has that id or that name."""


class RefusedMetricError(KlaviyoError):
    """Klaviyo does not take the metric for this report."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of the account; ``integration`` is the name of what it comes from, empty where there is none."""

    id: str
    name: str
    integration: str = ""
    created: str = ""

    def __str__(self) -> str:
        return f"{self.id} ({self.integration or 'no integration'})"


def matching(metrics: Sequence[Metric], wanted: str) -> list[Metric]:
    """Return the metric of that id, or all of that name, oldest first.

    The oldest is the one to choose: it has the longest history, and it stays the oldest.
    """
    wanted = wanted.strip()  # some names begin or end with a blank in Klaviyo, which nobody sees there
    for fits in (
        [metric for metric in metrics if metric.id == wanted],
        [metric for metric in metrics if metric.name.strip() == wanted],
        [metric for metric in metrics if metric.name.strip().casefold() == wanted.casefold()],
    ):
        if fits:
            # Klaviyo writes some dates with a space and some with a T.
            return sorted(fits, key=lambda metric: (metric.created.replace("T", " "), metric.id))
    return []


def unknown(metrics: Sequence[Metric], wanted: str, setting: str) -> UnknownMetricError:
    """Return the error for a metric that is not there; ``setting`` is where another one can be named."""
    near = difflib.get_close_matches(wanted, sorted({metric.name for metric in metrics}), n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    message = f"unknown metric '{wanted}'{hint}: set {setting} to the id or name of a metric of this account"
    return UnknownMetricError(message)


def chosen_among(found: Sequence[Metric], wanted: str, setting: str) -> str:
    """Say which of several metrics of one name was chosen."""
    others = ", ".join(map(str, found[1:]))
    return (
        f"{len(found)} metrics are named '{wanted}': using the oldest, {found[0]}, not {others}; "
        f"set {setting} to an id to use another"
    )


def metric_refusal(error: BadRequestError, metric: Metric, setting: str) -> KlaviyoError:
    """Return what a 400 means: that the metric is refused, where it says so, and otherwise the error itself."""
    if "metric" not in f"{error.detail} {error.parameter}".lower():
        return error
    message = (
        f"Klaviyo rejects the metric '{metric.name}' {metric} here ({error.detail}): set {setting} to another metric"
    )
    return RefusedMetricError(message, label=error.label, status=error.status, parameter=error.parameter)
