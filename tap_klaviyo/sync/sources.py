"""How the streams of a sync reach Klaviyo: one connection, counters per stream, each warning once."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from tap_klaviyo.http import Http, Request, Tally
from tap_klaviyo.http.errors import BrokenBodyError, PermissionDeniedError
from tap_klaviyo.pagination.source import Source
from tap_klaviyo.records.empty_page import doubt
from tap_klaviyo.records.jsonapi import Document, UnreadableBodyError, parse_document
from tap_klaviyo.records.nul import without_nul
from tap_klaviyo.records.schema_drift import watching
from tap_klaviyo.sync.connection import connect
from tap_klaviyo.sync.incomplete import Missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.config.settings import Settings
    from tap_klaviyo.contract import Endpoint
    from tap_klaviyo.records.fieldsets import Ask
    from tap_klaviyo.sync.stopping import Stopping

T = TypeVar("T")

_ACCOUNT = "account"

logger = logging.getLogger("tap-klaviyo")


class Sources:
    """Shared by the streams of one sync, which ask from several threads.

    Args:
        settings: How to connect.
        stopping: The wish that the sync ends, which ends waits and retries.
        earlier: What a sync before this one connected, in the same process.
    """

    def __init__(self, settings: Settings, stopping: Stopping, earlier: Sources | None = None) -> None:
        self._settings = settings
        self.stopping = stopping
        self._earlier = earlier
        self._warned: set[str] = set() if earlier is None else earlier._warned  # noqa: SLF001 - its own kind
        self._tallies: dict[str, Tally] = {}
        self._missing: dict[str, Missing] = {}
        self.account_id: str | None = None
        """The account that the key belongs to, once a response has said it, whoever asked."""
        self.refused: dict[str, set[str]] = {}
        """By stream the scopes of requests that the key was refused; one of them is missing, or a feature is."""

    @cached_property
    def http(self) -> Http:
        """The connection to Klaviyo.

        Raises:
            SettingsError: There is no key, or there are two ways to authenticate.
        """
        return connect(self._settings) if self._earlier is None else self._earlier.http

    @property
    def answered(self) -> bool:
        """Whether Klaviyo has sent anything in this sync."""
        return any(tally.received for tally in self._tallies.values())

    def tally(self, stream: str) -> Tally:
        """Return the counters of one stream."""
        return self._tallies.setdefault(stream, Tally())

    def missing(self, stream: str) -> Missing:
        """Return what of a stream is passed over."""
        return self._missing.setdefault(stream, Missing())

    def send(self, request: Request, parse: Callable[[bytes], T], stream: str) -> T:
        """Send a request on behalf of a stream and parse its response.

        Raises:
            KlaviyoError: There is no response that can be parsed.
        """
        read = parse if request.text else lambda body: parse(without_nul(body))
        try:
            return self.http.send(request, parse=read, stop=self.stopping, tally=self.tally(stream))
        except PermissionDeniedError as error:
            self.refused.setdefault(stream, set()).update(error.scopes)
            raise

    def source(
        self,
        stream: str,
        endpoint: Endpoint,
        ask: Ask,
        parse: Callable[[bytes], Document] = parse_document,
        **kwargs: Any,
    ) -> Source:
        """Return a source of one endpoint, on behalf of a stream; more arguments are those of `Source`."""
        watched = watching(stream, endpoint, parse, self.warn_once)

        def parsed(body: bytes) -> Document:
            try:
                document = watched(body)
            except UnreadableBodyError:
                raise BrokenBodyError from None
            why = None if document.data else doubt(body, collection=endpoint.collection)
            if why is not None:
                raise BrokenBodyError(why)
            if endpoint.resource == _ACCOUNT and document.data:
                self.account_id = document.data[0].id
            return document

        return Source(
            stream=stream,
            endpoint=endpoint,
            origin=self.http.origin,
            fetch=lambda request: self.send(request, parsed, stream),
            ask=ask,
            left_out=self.missing(stream).rows.__setitem__,
            **kwargs,
        )

    def crowded(self, request: Request) -> bool:
        """Tell whether the rate limit holds such requests back, or soon will."""
        return self.http.quota(request).is_scarce()

    def warn_once(self, topic: str, message: str) -> None:
        """Log a warning the first time that its topic comes up."""
        if topic not in self._warned:
            self._warned.add(topic)
            logger.warning(message)

    def warn_odd(self, stream: str) -> Callable[[str], None]:
        """Return what warns of a column whose value does not fit its type."""
        return lambda column: self.warn_once(
            f"odd {stream}.{column}",
            f"{stream}: a value of '{column}' in Klaviyo's response does not match its type and was set to null",
        )

    def count_odd(self, stream: str) -> Callable[[str], None]:
        """Return what counts the written values of a column that did not fit its type, and warns of the first."""
        warn, tally = self.warn_odd(stream), self.tally(stream)

        def odd(column: str) -> None:
            tally.add_odd(column)
            warn(column)

        return odd
