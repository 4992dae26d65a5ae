"""What the streams of one tap share: the connection, counters, lists of ids."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from singer_sdk import Tap
from singer_sdk.mapper import SameRecordTransform

from tap_klaviyo import contract
from tap_klaviyo.http import Http, Request, Tally
from tap_klaviyo.http.errors import BrokenBodyError
from tap_klaviyo.records.jsonapi import Document, UnreadableBodyError, parse_document
from tap_klaviyo.streams.base import KlaviyoStream
from tap_klaviyo.sync.connection import connect
from tap_klaviyo.sync.parents import list_links
from tap_klaviyo.sync.writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from singer_sdk import Stream

    from tap_klaviyo.pagination.fan_out import Parent
    from tap_klaviyo.streams.resource import LinkedFrom


class SharedTap(Tap):
    """A tap with what its streams share; one of each a sync."""

    stopping: threading.Event

    def share(self) -> None:
        """Begin with nothing known."""
        self._warned: set[str] = set()
        self._tallies: dict[str, Tally] = {}
        self._parents: dict[type[KlaviyoStream], list[Parent]] = {}
        self._links: dict[LinkedFrom, Mapping[str, str]] = {}
        self._parents_lock = threading.RLock()  # the parents of parents are listed while parents are

    def klaviyo_streams(self) -> Iterator[KlaviyoStream]:
        """Yield the streams as what they are."""
        for stream in self.streams.values():
            if isinstance(stream, KlaviyoStream):
                yield stream

    @property
    def writer(self) -> LineWriter:
        """The owner of stdout."""
        writer = self.message_writer
        if not isinstance(writer, LineWriter):
            msg = "another message writer was put in place"
            raise TypeError(msg)
        return writer

    @cached_property
    def http(self) -> Http:
        """The connection to Klaviyo."""
        return connect(self.config)

    def fetcher(
        self, tally: Tally, parse: Callable[[bytes], Document] = parse_document
    ) -> Callable[[Request], Document]:
        """Return what sends a request and reads its answer, counting in a tally."""

        def parsed(body: bytes) -> Document:
            try:
                return parse(body)
            except UnreadableBodyError:
                raise BrokenBodyError from None

        return lambda request: self.http.send(request, parse=parsed, stop=self.stopping, tally=tally)

    def tally(self, stream: str) -> Tally:
        """Return the counters of one stream."""
        return self._tallies.setdefault(stream, Tally())

    def parents(self, kind: type[KlaviyoStream]) -> list[Parent]:
        """Return all ids of a stream; read once a sync, however many streams need them."""
        with self._parents_lock:
            if kind not in self._parents:
                stream = next(stream for stream in self.klaviyo_streams() if type(stream) is kind)
                self._parents[kind] = stream.listed()
            return self._parents[kind]

    def linked_from(self, wanted: LinkedFrom) -> Mapping[str, str]:
        """Return, by the id of a linked resource, the id of the resource that links to it."""
        with self._parents_lock:
            if wanted not in self._links:
                stream = next(stream for stream in self.klaviyo_streams() if type(stream) is wanted.stream)
                self._links[wanted] = list_links(stream, wanted.relationship)
            return self._links[wanted]

    @cached_property
    def account_id(self) -> str:
        """The id of the account that the key belongs to."""
        endpoint = contract.endpoint("/api/accounts")
        request = Request(endpoint, self.http.origin.url(endpoint.path, {"fields[account]": "id"}), endpoint.limits)
        return self.fetcher(self.tally("accounts"))(request).data[0].id

    def writes_plain_records(self, stream: Stream) -> bool:
        """Tell whether records leave as they are, so that whole pages can be encoded at once."""
        maps = stream.stream_maps
        return (
            all(
                type(stream_map) is SameRecordTransform and stream_map.stream_alias == stream.name
                for stream_map in maps
            )
            and len(maps) == 1
            and not self.config.get("flattening_enabled")
            and not self.config.get("batch_config")
            and stream.ABORT_AT_RECORD_COUNT is None
        )

    def warn_once(self, topic: str, message: str) -> None:
        """Log a warning the first time that its topic comes up."""
        if topic not in self._warned:
            self._warned.add(topic)
            self.logger.warning(message)
