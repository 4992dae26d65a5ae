"""A stream that the settings define: any endpoint, read as the built-in ones are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tap_klaviyo.config.masks import named
from tap_klaviyo.config.stream_options import COMMON, refuse_more
from tap_klaviyo.pagination.chain import Chain, from_resumed
from tap_klaviyo.pagination.fan_out import AllParents
from tap_klaviyo.records.schema_drift import warn_changes
from tap_klaviyo.streams.base import BaseStream
from tap_klaviyo.streams.custom.entry_columns import build_columns, kind_of
from tap_klaviyo.streams.custom.parents import EntryListing, EntryParents, ids_of
from tap_klaviyo.streams.custom.records import RecordMaker
from tap_klaviyo.streams.custom.requests import WHOLE, Asker, parts, question_of, splits_key
from tap_klaviyo.streams.custom.response import AnswerParser
from tap_klaviyo.streams.custom.schema import lenient, strict
from tap_klaviyo.streams.custom.types import compiled
from tap_klaviyo.sync.policy import Policy, with_full_reads
from tap_klaviyo.sync.range import Range, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.pagination.parents import Listed, Parent
    from tap_klaviyo.pagination.reader import Segment
    from tap_klaviyo.records.columns import Column
    from tap_klaviyo.records.jsonapi import Document
    from tap_klaviyo.streams.custom.entry import CustomEntry
    from tap_klaviyo.streams.custom.split import Part
    from tap_klaviyo.streams.custom.types import Cast, Misfit
    from tap_klaviyo.sync.parents import Listing
    from tap_klaviyo.sync.saved import Saved
    from tap_klaviyo.sync.stream_sync import StreamSync


class CustomStream(BaseStream):
    """Records of an endpoint that the user names; each entry of `custom_streams` makes a subclass."""

    entry: ClassVar[CustomEntry]
    parent: ClassVar[type[BaseStream] | None] = None

    # What the entry comes to

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is asked, with the contract's limits if the contract has it."""
        return self.entry.endpoint

    @property
    def fan_out(self) -> bool:
        """Whether the stream is read one parent at a time."""
        return self.parent is not None

    @property
    def parallel(self) -> bool:
        """Whether several requests may be in flight."""
        return self.fan_out or self.entry.split is not None

    def question(self) -> Mapping[str, Any]:
        """Return what decides which records there are."""
        return question_of(self.entry)

    def build_columns(self) -> list[Column]:
        """Return the columns, keys first.

        Raises:
            SettingsError: `stream_options` has options of the stream that it does not take.
        """
        options = self.session.settings.stream_options
        why = "a custom stream has its options in its own entry"
        refuse_more(self.name, options.get(self.name), why, COMMON)
        return build_columns(self.entry, named(options, self.name))

    def record_schema(self) -> dict[str, Any]:
        """Return the schema of the records; without one of the user's they are open."""
        schema = super().record_schema()
        return schema if kind_of(self.entry).rest is None else {**schema, "additionalProperties": True}

    # Reading

    def range(self, saved: Saved, now: datetime) -> Range:
        """Return the range of this sync; while a fan-out is under way, its first run's."""
        return decide(saved, self.policy(), now)

    def policy(self) -> Policy:
        """Return how the stream is read incrementally."""
        keyed = self.declared_replication_key is not None
        policy = Policy(future_dated=True, by_parent=self.fan_out, keyed=keyed, versioned=self.versioned)
        return with_full_reads(policy, self.session.settings.stream_options, self.name, filtered=False)

    def segments(self, sync: StreamSync) -> list[Segment]:
        """Return one chain, one per part of a split, or one per parent."""
        reading = sync.range
        failed = sync.failed_parents.earlier
        selected = {choice.column.name for choice in sync.chosen}
        maker = RecordMaker(
            stream=self.name,
            cast=self._cast(),
            chosen=sync.chosen,
            unselected=frozenset(column.name for column in self.columns) - selected,
            primary_keys=self.entry.primary_keys,
            replication_key=self.entry.replication_key,
            until=reading.until,
            record_format=sync.record_format,
            odd=self.session.sources.warn_odd(self.name),
        )
        asker = self._asker(reading.lower, reading.until)
        account = self.session.account.columns()
        if self.parent is None:
            chains = [
                Chain(asker, maker, asker.link({}, part), account, _holds(self.entry, reading, part))
                for part in parts(self.entry, self.session.started_at, reading.lower)
            ]
            keyed = self.declared_replication_key is not None
            return from_resumed([chain if keyed else chain.resumable(reading.chain) for chain in chains])
        parents = self._parents(self.parent.name)

        def chain(parent: Parent) -> Chain:
            own = replace(reading, lower=sync.failed_parents.begin(parent.id))
            asker = self._asker(own.lower, own.until)
            link = asker.link(ids_of(self.entry, parent))
            context = {**account, **parent.context}
            return Chain(asker, maker, link, context, _holds(self.entry, own)).resumable(reading.chain)

        def asked() -> Listed:
            listed = parents.of_entry()
            return listed.of(parent for parent in listed.parents if not reading.empty or parent.id in failed)

        return [AllParents(asked, chain, reading.after_parent, failed)]

    def _cast(self) -> Cast:
        entry = self.entry
        odd = self.session.sources.warn_odd(self.name)
        hidden = {column.name for column in self.columns if column.masks}
        misfit: Misfit = lenient(odd) if entry.lenient else strict(self.name, hidden)
        return entry.schema.caster(misfit) if entry.schema else compiled(kind_of(entry), misfit)

    def _asker(self, lower: datetime | None, until: datetime) -> Asker:
        sources = self.session.sources
        parser = AnswerParser(self.entry, lambda words: sources.warn_once(f"path {self.name}", words))
        if not self.primary_keys:
            words = f"{self.name}: rows have no key, so that a target appends what it has already; set primary_keys"
            sources.warn_once(f"key {self.name}", words)

        def parsed(body: bytes) -> Document:
            document = parser.parse(body)
            warn_changes(self.name, document.changes, sources.warn_once)
            return document

        return Asker(
            self.entry,
            sources.http.origin,
            lambda request: sources.send(request, parsed, self.name),
            lower,
            until,
        )

    def _parents(self, parent: str) -> EntryParents:
        return EntryParents(self.entry, lambda: self.session.parent_ids.of(parent))

    def listing(self) -> Listing:
        """Return what lists the ids, for the streams that are read one parent at a time."""
        parents = self._parents(self.parent.name) if self.parent else None
        now = self.session.started_at
        return EntryListing(self.entry, lambda: self._asker(None, now), now, parents)


def _holds(entry: CustomEntry, reading: Range, part: Part = WHOLE) -> Callable[[datetime], bool]:
    """Drop rows outside the range, and those of a neighbouring part: `greater-than` begins a second earlier."""
    if not splits_key(entry) or part.start is None or part.end is None:
        return reading.holds
    start, end = part.start, part.end
    return lambda instant: reading.holds(instant) and start <= instant < end
