"""What a sync needs to know of the account: its id, its time zone and its metrics."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tap_klaviyo import contract
from tap_klaviyo.http.errors import KlaviyoError
from tap_klaviyo.records.fieldsets import Ask
from tap_klaviyo.records.jsonapi import decoded
from tap_klaviyo.sync.locks import held
from tap_klaviyo.sync.metric import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.pagination.link import Link
    from tap_klaviyo.records.jsonapi import Resource
    from tap_klaviyo.sync.sources import Sources

ACCOUNT_ID = "account_id"


class UnknownAccountError(KlaviyoError):
    """Klaviyo does not say what account the key belongs to."""


class UnknownTimeZoneError(KlaviyoError):
    """The account is in a time zone that this machine knows nothing of."""


class Account:
    """Shared by the streams of one sync, which may ask from several threads; each fact is asked for once.

    Args:
        sources: How the account is asked.
        in_records: Whether its id is a column of every record.
    """

    def __init__(self, sources: Sources, *, in_records: bool) -> None:
        self._sources = sources
        self._in_records = in_records
        self._lock = threading.Lock()
        self._zone: ZoneInfo | None = None
        self._metrics: list[Metric] | None = None

    def id(self) -> str:
        """Return the id of the account that the key belongs to.

        Raises:
            KlaviyoError: It cannot be read.
        """
        with held(self._lock, self._sources.stopping):
            if self._sources.account_id is not None:
                return self._sources.account_id
            found = next(self._resources("accounts", "/api/accounts", ("id",)), None)
            if found is None:
                message = "Klaviyo lists no account for this key; use the key of an account"
                raise UnknownAccountError(message)
            return found.id

    def known(self) -> str | None:
        """Return the account's id where it costs no request of its own: in every record, or said by a response."""
        return self.id() if self._in_records else self._sources.account_id

    def columns(self) -> dict[str, Any]:
        """Return what every record says of the account: its id, if it is wanted, or nothing."""
        return {ACCOUNT_ID: self.id()} if self._in_records else {}

    def zone(self, stream: str) -> ZoneInfo:
        """Return the account's time zone, asked for on behalf of a stream.

        Raises:
            UnknownTimeZoneError: There is no such time zone here.
            KlaviyoError: It cannot be read.
        """
        with held(self._lock, self._sources.stopping):
            if self._zone is None:
                found = next(self._resources(stream, "/api/accounts", ("timezone",)), None)
                self._zone = zone_of(_text(found, "timezone") if found else "")
            return self._zone

    def metrics(self, stream: str) -> list[Metric]:
        """Return the account's metrics, asked for on behalf of a stream.

        Raises:
            KlaviyoError: They cannot be read.
        """
        with held(self._lock, self._sources.stopping):
            if self._metrics is None:
                fields = ("created", "integration", "name")
                self._metrics = [_metric(one) for one in self._resources(stream, "/api/metrics", fields)]
            return self._metrics

    def _resources(self, stream: str, path: str, fields: tuple[str, ...]) -> Iterator[Resource]:
        endpoint = contract.newest().endpoint(path)
        source = self._sources.source(stream, endpoint, Ask(fields={str(endpoint.resource): fields}))
        link: Link | None = source.first()
        while link is not None:
            document, link = link.read(source)
            yield from document.data


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        UnknownTimeZoneError: There is no such time zone here.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = (
            f"unknown timezone '{name}' (the account's): install or upgrade the Python package 'tzdata' next to the tap"
        )
        raise UnknownTimeZoneError(message) from None


def _metric(resource: Resource) -> Metric:
    integration: Any = decoded(_attributes(resource).get("integration"))
    name = integration.get("name") if isinstance(integration, dict) else None
    return Metric(resource.id, _text(resource, "name"), str(name or ""), _text(resource, "created"))


def _text(resource: Resource, name: str) -> str:
    return str(decoded(_attributes(resource).get(name)) or "")


def _attributes(resource: Resource) -> Mapping[str, Any]:
    return resource.attributes or {}
