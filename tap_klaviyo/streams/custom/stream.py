"""A stream that the settings define: any endpoint, read as the built-in ones are."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel

from tap_klaviyo.http.errors import NotFoundError
from tap_klaviyo.pagination.chain import Chain
from tap_klaviyo.pagination.fan_out import AllParents, Parent
from tap_klaviyo.records.columns import DATE_TIME, KEY, Attribute, Column, Constant
from tap_klaviyo.records.selection import choose
from tap_klaviyo.records.stream_options import OptionsError, StreamOptions
from tap_klaviyo.streams.base import KlaviyoStream
from tap_klaviyo.streams.custom.entry_members import TEXT_COLUMN
from tap_klaviyo.streams.custom.records import RecordMaker
from tap_klaviyo.streams.custom.requests import WHOLE, Asker
from tap_klaviyo.streams.custom.response import AnswerParser
from tap_klaviyo.streams.custom.scalars import STRING, TIMESTAMP
from tap_klaviyo.streams.custom.schema import lenient, strict
from tap_klaviyo.streams.custom.types import Anything, Fields, compiled, schema_of
from tap_klaviyo.streams.resource import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.http import Request
    from tap_klaviyo.pagination.chain import Link
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.streams.custom.entry import CustomEntry
    from tap_klaviyo.streams.custom.split import Part
    from tap_klaviyo.streams.custom.types import Cast, Misfit
    from tap_klaviyo.tap import TapKlaviyo


class CustomStream(KlaviyoStream):
    """Records of an endpoint that the user names; each entry of `custom_streams` makes a subclass."""

    entry: ClassVar[CustomEntry]
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE  # the records are cast already; the SDK would drop open members

    # What the entry comes to

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint, with the contract's limits where the contract has it."""
        return self.entry.endpoint

    @cached_property
    def detail_endpoint(self) -> None:
        """There is none."""
        return

    @cached_property
    def kind(self) -> Fields:
        """What the records are."""
        entry = self.entry
        if entry.schema is not None:
            return entry.schema.kind
        if entry.text:
            return Fields({TEXT_COLUMN: STRING}, complete=True)
        keys = {name: STRING for name in entry.primary_keys if name not in entry.columns.values()}
        times = {entry.replication_key: TIMESTAMP} if entry.replication_key else {}
        return Fields({**keys, **times}, rest=Anything())

    def _build_columns(self, tap: TapKlaviyo) -> list[Column]:
        entry = self.entry
        if self.name in (tap.config.get("stream_options") or {}):
            msg = f"stream_options '{self.name}': a custom stream has its options in its own entry"
            raise OptionsError(msg)
        self.options = StreamOptions()
        shown = entry.schema.json if entry.schema else schema_of(self.kind)
        schemas = shown.get("properties", {})
        columns = [Column(name, KEY, Constant()) for name in entry.columns.values()]
        columns += [
            Column(name, self._column_schema(name, schemas.get(name, {})), Attribute(name))
            for name in self.kind.members
            if name not in entry.columns.values()
        ]
        return [Column(ACCOUNT_ID, KEY, Constant()), *columns] if self._account_column else columns

    def _column_schema(self, name: str, schema: Any) -> dict[str, Any]:
        if not isinstance(schema, dict):  # `true`: anything
            return {}
        if name == self.entry.replication_key and self.entry.schema is None:
            return DATE_TIME
        types = schema.get("type")
        if name in self.entry.primary_keys and isinstance(types, list):
            return {**schema, "type": [kind for kind in types if kind != "null"]}
        return schema

    def record_schema(self) -> dict[str, Any]:
        """Return the schema of the records; without one of the user's they are open."""
        schema = super().record_schema()
        return schema if self.kind.rest is None else {**schema, "additionalProperties": True}

    # Reading

    def segments(self) -> list[Segment]:
        """Return one chain, one a part of a split, or one a parent."""
        if self.reading.empty:
            return []
        chosen = choose(self.columns, self._nodes)
        maker = RecordMaker(
            stream=self.name,
            cast=self._cast(),
            chosen=chosen,
            unselected=frozenset(column.name for column in self.columns) - {choice.column.name for choice in chosen},
            primary_keys=self.entry.primary_keys,
            replication_key=self.entry.replication_key,
            version=self._stream_version,
            encode=self._fast,
        )
        asker = self._asker(self.reading.lower)
        if self.parent is not None:
            return [
                AllParents(
                    self._own_parents, lambda parent: self._chain(asker, maker, parent), self.reading.after_parent
                )
            ]
        return [
            Chain(asker, maker, asker.link({}, part), self.account_context(), self._holds(part))
            for part in self._parts(self.reading.lower)
        ]

    def _cast(self) -> Cast:
        entry = self.entry
        misfit: Misfit = lenient(self._warn_odd) if entry.lenient else strict(self.name)
        return entry.schema.caster(misfit) if entry.schema else compiled(self.kind, misfit)

    def _asker(self, lower: datetime | None) -> Asker:
        tap = self._tap
        parser = AnswerParser(self.entry, lambda words: tap.warn_once(f"path {self.name}", words))

        def fetch(request: Request) -> Document:
            return tap.http.send(request, parse=parser.parse, stop=tap.stopping, tally=self.tally)

        return Asker(self.entry, tap.http.origin, fetch, lower, self.reading.until)

    def _parts(self, lower: datetime | None) -> list[Part]:
        split = self.entry.split
        if split is None:
            return [WHOLE]
        parts = split.parts(self._tap.started_at)
        return [part for part in parts if not (self._splits_key and lower and part.end and part.end <= lower)]

    def _holds(self, part: Part = WHOLE) -> Callable[[datetime], bool]:
        """Drop rows outside the range, and those of a neighbouring part: `greater-than` begins a second earlier."""
        reading = self.reading
        if not self._splits_key or part.start is None or part.end is None:
            return reading.holds
        start, end = part.start, part.end
        return lambda instant: reading.holds(instant) and start <= instant < end

    @property
    def _splits_key(self) -> bool:
        split = self.entry.split
        return split is not None and split.filter is not None and split.filter == self.entry.replication_key

    def _own_parents(self) -> Sequence[Parent]:
        """The parents, with the columns that the placeholders make."""
        account = self.account_context()
        return [
            Parent(
                parent.id,
                {
                    **account,
                    **{column: parent.context.get(name, parent.id) for name, column in self.entry.columns.items()},
                },
            )
            for parent in self.all_parents()
        ]

    def _chain(self, asker: Asker, maker: RecordMaker, parent: Parent) -> Chain:
        ids = {name: str(parent.context[column]) for name, column in self.entry.columns.items()}
        return Chain(asker, maker, asker.link(ids), parent.context, self._holds())

    @property
    def workers(self) -> int:
        """How many requests of the stream may be in flight."""
        many = self.parent is not None or self.entry.split is not None
        most: int = self.config["max_workers"]
        return min(most, max(1, self.endpoint.limits.burst)) if many else 1

    # As a parent

    def listed(self) -> list[Parent]:
        """Read the id of every record, whatever the bookmark."""
        asker = self._asker(None)
        found: dict[str, Parent] = {}
        for start, context in self._listing(asker):
            link: Link | None = start
            while link is not None:
                try:
                    document, link = link.read(asker)
                except NotFoundError:
                    break
                for resource in document.data:
                    identifier = (resource.attributes or {}).get(self.entry.primary_keys[-1])
                    if identifier is not None:
                        found.setdefault(str(identifier), Parent(str(identifier), context))
        return list(found.values())

    def _listing(self, asker: Asker) -> Iterator[tuple[Link, dict[str, Any]]]:
        if self.parent is None:
            for part in self._parts(None):
                yield asker.link({}, part), {}
            return
        for parent in self._own_parents():
            ids = {name: str(parent.context[column]) for name, column in self.entry.columns.items()}
            yield asker.link(ids), dict(parent.context)
