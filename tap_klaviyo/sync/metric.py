"""Which metrics the settings mean: by id, by name, or by name and integration."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import BadRequestError, KlaviyoError
from tap_klaviyo.http.redact import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

DEFAULT = "Placed Order"
_NEAREST = 3
_SHOWN = 60


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

    @property
    def plain_name(self) -> str:
        """The name without blanks around it: some have them in Klaviyo, which nobody sees there."""
        return self.name.strip()

    @property
    def full_name(self) -> str:
        """The name with the integration behind it, which tells metrics of one name apart."""
        return f"{self.plain_name} ({self.integration.strip()})"


def matching(metrics: Sequence[Metric], wanted: str) -> list[Metric]:
    """Return the metric of that id, or all of that name, or of that name and integration, oldest first.

    The oldest is the one to choose: it has the longest history, and it stays the oldest.
    """
    wanted = wanted.strip()
    folded = wanted.casefold()
    for fits in (
        [metric for metric in metrics if metric.id == wanted],
        [metric for metric in metrics if metric.plain_name == wanted],
        [metric for metric in metrics if metric.full_name == wanted],
        [metric for metric in metrics if metric.plain_name.casefold() == folded],
        [metric for metric in metrics if metric.full_name.casefold() == folded],
    ):
        if fits:
            # Klaviyo writes some dates with a space and some with a T.
            return sorted(fits, key=lambda metric: (metric.created.replace("T", " "), metric.id))
    return []


def meaning(
    metrics: Sequence[Metric], wanted: str, remembered: Collection[str], warn: Callable[[str], None]
) -> list[Metric]:
    """Return what an id or a name means: the metrics that have it now, and those that had it in earlier runs.

    Klaviyo renames metrics; one that was meant once is meant as long as it is there.

    Args:
        metrics: All that there are.
        wanted: The id or the name.
        remembered: The ids of what it meant in earlier runs.
        warn: Is told of a metric that has another name by now, or is gone.
    """
    found, shown = matching(metrics, wanted), brief(wanted, _SHOWN)
    renamed = [metric for metric in metrics if metric.id in remembered and metric not in found]
    for metric in renamed:
        name = brief(metric.plain_name, _SHOWN)
        warn(f"the metric '{shown}' is named '{name}' by now and still meant ({metric.id}); name it so, or by its id")
    gone = ", ".join(sorted({*remembered} - {metric.id for metric in metrics}))
    if gone:
        warn(f"the metric '{shown}' was {gone} in earlier runs, which Klaviyo no longer lists")
    return [*found, *renamed]


def unknown(metrics: Sequence[Metric], wanted: str, setting: str) -> UnknownMetricError:
    """Return the error for a metric that is not there; ``setting`` is where another one can be named."""
    names = {metric.plain_name for metric in metrics}
    if "(" in wanted:
        names |= {metric.full_name for metric in metrics if metric.integration}
    near = [f"'{brief(name, _SHOWN)}'" for name in difflib.get_close_matches(wanted, sorted(names), n=_NEAREST)]
    *some, last = near or [""]
    hint = f" (did you mean {' or '.join([', '.join(some), last] if some else [last])}?)" if near else ""
    shown = brief(wanted, _SHOWN)
    message = f"unknown metric '{shown}'{hint}: set {setting} to the id or name of a metric of this account"
    return UnknownMetricError(message)


def chosen_among(found: Sequence[Metric], wanted: str, setting: str, *, remembered: bool) -> str:
    """Say which of several metrics of one name was chosen: the first, which is the oldest or ``remembered``."""
    others = ", ".join(map(str, found[1:]))
    return (
        f"{len(found)} metrics are named '{wanted}': using {'that of earlier runs' if remembered else 'the oldest'}, "
        f"{found[0]}, not {others}; set {setting} to an id, or to the name with the integration in brackets behind it, "
        "to use another"
    )


def metric_refusal(error: BadRequestError, metric: Metric, setting: str) -> KlaviyoError:
    """Return what a 400 means: that the metric is refused, where it says so, and otherwise the error itself."""
    if "metric" not in f"{error.detail} {error.parameter}".lower():
        return error
    message = (
        f"Klaviyo rejects the metric '{metric.name}' {metric} here ({error.detail}): set {setting} to another metric"
    )
    return RefusedMetricError(message, label=error.label, status=error.status, parameter=error.parameter)
