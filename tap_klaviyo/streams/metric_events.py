"""The base of the streams of events: of all metrics, or of those that the settings choose."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.pagination.deferred import Deferred
from tap_klaviyo.pagination.reader import Step
from tap_klaviyo.records.page import Page
from tap_klaviyo.streams.metric_segments import Groups, read_all, read_aside
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.metric_choice import Chosen, MetricChoice, choose, known_without_list
from tap_klaviyo.sync.metric_memory import MetricMemory
from tap_klaviyo.sync.range import next_range
from tap_klaviyo.sync.saved import Saved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.sync.plan import Plan
    from tap_klaviyo.sync.stream_sync import StreamSync

_MOST_NAMED = 10

logger = logging.getLogger("tap-klaviyo")


class MetricEvents(KlaviyoStream):
    """Events; the account has to be asked for the ids of metrics that are chosen before anything can be read.

    A metric that was not read before, because it is new in the settings or in the account, is read from its beginning
    first: integrations send the past of a shop when they are new. Then all go on from the bookmark.
    """

    def metric_choice(self) -> MetricChoice | None:
        """Return which metrics are read; None if all are."""
        options = self.options
        if not (options.metrics or options.exclude_metrics):
            return None
        where = f"of stream_options '{self.name}'"
        return MetricChoice(options.metrics, f"metrics {where}", options.exclude_metrics, f"exclude_metrics {where}")

    def question(self) -> dict[str, str]:
        """Return what decides which rows there are; of the metrics that are chosen the state says more by itself."""
        options = self.options
        chosen = {"metrics": "chosen"} if options.metrics or options.exclude_metrics else {}
        return {**super().question(), **chosen}

    def segments(self, sync: StreamSync) -> list[Segment]:
        """Return what a sync reads; one segment as long as the metrics are not known."""
        choice = self.metric_choice()
        if choice is None:
            return super().segments(sync)
        memory = MetricMemory(self.stream_state, self.name)
        first = next_range(Saved(), self.policy(), sync.began)
        plan = self.plan(sync)

        def skip(metric: str) -> None:
            sync.gaps.add(metric)
            self.session.sources.warn_once(
                f"metric {self.name}.{metric}",
                f"{self.name}: skipped metric {metric}: Klaviyo lists it but rejects it as a filter of events",
            )

        def ask() -> Step:
            chosen = self.chosen_metrics(choice, memory)
            groups = Groups(plan, skip).of(chosen.ids)
            return MetricReading(self.name, plan, memory, chosen, groups, first.lower).step()

        return [Deferred(ask)]

    def chosen_metrics(self, choice: MetricChoice, memory: MetricMemory) -> Chosen:
        """Return the metrics that are meant, after a warning about names that mean something else by now.

        Raises:
            UnknownMetricError: No metric has that id or name.
            KlaviyoError: The metrics cannot be read, or none is left.
        """
        try:
            metrics = self.session.account.metrics(self.name)
        except PermissionDeniedError:
            known = known_without_list(choice, memory.meant)
            if known is None:
                raise
            metrics = known

        def warn(line: str) -> None:
            self.session.sources.warn_once(f"metric {self.name} {line}", f"{self.name}: {line}")

        return choose(choice, metrics, memory.meant, warn)

    def metric_ids(self) -> tuple[str, ...]:
        """Return the ids of the metrics that are read, none if all are.

        Raises:
            KlaviyoError: They are not to be had.
        """
        choice = self.metric_choice()
        if choice is None:
            return ()
        return self.chosen_metrics(choice, MetricMemory(self.stream_state, self.name)).ids


@dataclass(frozen=True, slots=True)
class MetricReading:
    """What one sync reads of chosen metrics, and what the state says of them."""

    stream: str
    plan: Plan
    memory: MetricMemory
    chosen: Chosen
    groups: Sequence[tuple[str, ...]]
    begin: datetime | None
    """Where a first sync begins."""

    def step(self) -> Step:
        """Return all segments, behind a page that notes what is known by now."""
        reading, meant, before = self.plan.sync.range, self.chosen.meant, self.memory.read
        ids = frozenset(one for group in self.groups for one in group)
        everything = read_all(self.plan, self.groups)
        if not reading.moves_bookmark:  # what is read again, or whole, leaves the bookmark and what it says alone
            return Step(Page(note=lambda: self.memory.note(meant, before)), everything)
        lower = reading.lower
        added = ids - before if before is not None else frozenset[str]()
        if not added or lower is None or (self.begin is not None and lower <= self.begin):
            return Step(Page(note=lambda: self.memory.note(meant, ids)), everything)
        self._tell(added)
        groups = [part for group in self.groups if (part := tuple(one for one in group if one in added))]
        history = read_aside(self.plan, groups, self.begin, lower)
        caught_up = Deferred(lambda: Step(Page(note=lambda: self.memory.note(meant, ids))))
        # One that is no longer read misses what happens from now on: it is new if it comes back.
        kept = ids & (before or frozenset())
        return Step(Page(note=lambda: self.memory.note(meant, kept)), [*history, caught_up, *everything])

    def _tell(self, added: frozenset[str]) -> None:
        named = ", ".join(sorted(added)[:_MOST_NAMED]) + (", …" if len(added) > _MOST_NAMED else "")
        logger.warning(
            "%s: metrics that the last run did not read (%s): reading their events from the beginning",
            self.stream,
            named,
        )
