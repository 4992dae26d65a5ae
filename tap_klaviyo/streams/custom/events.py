"""The setting `event_streams`: events of one metric as a stream of their own, filtered by Klaviyo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from tap_klaviyo.config.entries import read_entries
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http.redact import brief
from tap_klaviyo.records.columns import Chosen
from tap_klaviyo.records.flatten import Flattener
from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.records.row_maker import RowMaker
from tap_klaviyo.streams.custom.json_schema import as_floats
from tap_klaviyo.streams.custom.records import projected
from tap_klaviyo.streams.custom.schema import RecordSchema, lenient, lenient_of, parse_schema, strict
from tap_klaviyo.streams.events import Events
from tap_klaviyo.sync.metric_choice import MetricChoice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.records.flatten import Included, Record
    from tap_klaviyo.records.jsonapi import Resource
    from tap_klaviyo.records.record_selector import Context, Shape
    from tap_klaviyo.records.stream_options import StreamOptions
    from tap_klaviyo.streams.custom.types import Cast
    from tap_klaviyo.sync.stream_sync import StreamSync

SETTING = "event_streams"

_KNOWN = ("name", "metric", "schema", "on_cast_error")
PROPERTIES = "event_properties"


@dataclass(frozen=True, slots=True)
class EventEntry:
    """What a user says of a stream: its metric, by id or by name, and what the event properties are."""

    where: str
    name: str
    metric: str
    schema: RecordSchema | None


class TypedProperties(Flattener):
    """Makes records whose event properties are cast and projected."""

    def __init__(self, chosen: Sequence[Chosen], odd: Callable[[str], None], cast: Cast) -> None:
        self._cast = cast
        self._within = next(choice.within for choice in chosen if choice.column.name == PROPERTIES)
        free = {"type": ["object", "null"]}  # what the properties are is not the flattener's to judge
        super().__init__(
            [
                Chosen(replace(choice.column, schema=free)) if choice.column.name == PROPERTIES else choice
                for choice in chosen
            ],
            odd,
        )

    def record(self, resource: Resource, included: Included, context: Context) -> Record:
        """Return the record of one event."""
        record = super().record(resource, included, context)
        properties = decoded(record[PROPERTIES])
        if properties is not None:
            record[PROPERTIES] = projected(as_floats(self._cast(properties)), self._within)
        return record


class EventStream(Events):
    """Events of the metrics that have one id or name; each entry of `event_streams` makes a subclass."""

    entry: ClassVar[EventEntry]

    @cached_property
    def options(self) -> StreamOptions:
        """What `stream_options` says of the stream.

        Raises:
            SettingsError: It says what the endpoint does not allow, or names metrics.
        """
        options = super().options
        if options.metrics:
            msg = f"stream_options '{self.name}': metrics cannot be set, since metric of {self.entry.where} is"
            raise SettingsError(msg)
        return options

    def build_columns(self) -> list[Column]:
        """Return the columns; the event properties are what the entry says."""
        columns = super().build_columns()
        schema = self.entry.schema
        if schema is None:
            return columns
        shown = {**schema.json, "type": ["object", "null"]}
        return [replace(column, schema=shown) if column.name == PROPERTIES else column for column in columns]

    def question(self) -> dict[str, str]:
        """Return what decides which rows there are: the metric before all."""
        return {**super().question(), "metric": self.entry.metric}

    def row_maker(self, sync: StreamSync, shape: Shape) -> RowMaker:
        """Return what makes records of responses; their properties are cast if the entry says what they are."""
        schema = self.entry.schema
        if schema is None or all(choice.column.name != PROPERTIES for choice in sync.chosen):
            return super().row_maker(sync, shape)
        odd = self.session.sources.warn_odd(self.name)
        hidden = {column.name for column in self.columns if column.masks}
        misfit = lenient(odd) if schema.lenient else strict(self.name, hidden)
        flattener = TypedProperties(sync.chosen, odd, schema.caster(misfit, PROPERTIES))
        return RowMaker(shape, flattener, self.declared_replication_key, sync.record_format)

    def metric_choice(self) -> MetricChoice:
        """Return the entry's metric, without those that `stream_options` excludes."""
        excluded = self.options.exclude_metrics
        where = f"exclude_metrics of stream_options '{self.name}'"
        return MetricChoice((self.entry.metric,), f"metric of {self.entry.where}", excluded, where)


def event_streams(raw: Any, taken: AbstractSet[str]) -> list[type[EventStream]]:
    """Return a class for each entry of `event_streams`, in their order.

    Args:
        raw: The setting.
        taken: Names of streams that there are already.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    found = []
    for entry in read_entries(SETTING, raw, _KNOWN, taken):
        metric = entry.required("metric", "the id or the name of a metric")
        schema = parse_schema(entry, lenient=lenient_of(entry, default=True))
        if schema is None and "on_cast_error" in entry.fields:
            entry.fail("on_cast_error needs a schema, which says what the event properties are")
        parsed = EventEntry(entry.where, entry.name, metric, schema)
        words = f"Events of the metric `{brief(metric, 60)}`. One request per 1,000."
        made = {"__doc__": words, "name": entry.name, "entry": parsed}
        found.append(type(entry.name, (EventStream,), made))
    return found
