"""A shop that changes, a tap that reads it, and a table that upserts what the tap writes."""

from __future__ import annotations

import contextlib
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

from tap_klaviyo import sandbox as sandbox_package
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.shop import Resource
from tap_klaviyo.streams import registry
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo
from tests.catalogs import selecting

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_klaviyo.streams.base import BaseStream

Key = tuple[Any, ...]
Row = dict[str, Any]

DECLARED = {stream.name: stream for stream in registry.STREAMS if issubclass(stream, KlaviyoStream)}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Table:
    """What a target that upserts holds: rows by key, of each stream."""

    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    versions: dict[str, dict[Key, int | None]] = field(default_factory=dict)
    keys: dict[str, Sequence[str]] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    merges: bool = False
    """Whether a STATE is merged into the last one."""

    def apply(self, message: dict[str, Any]) -> None:
        """Take one message; a version that is activated drops the rows of all others."""
        stream = message.get("stream", "")
        match message["type"]:
            case "SCHEMA":
                self.keys[stream] = message["key_properties"]
                self.rows.setdefault(stream, {})
                self.versions.setdefault(stream, {})
            case "RECORD":
                key = tuple(message["record"][name] for name in self.keys[stream])
                assert None not in key, message
                self.rows[stream][key] = message["record"]
                self.versions[stream][key] = message.get("version")
            case "ACTIVATE_VERSION":
                for key, version in list(self.versions[stream].items()):
                    if version != message["version"]:
                        del self.rows[stream][key], self.versions[stream][key]
            case "STATE":
                self.state = merged(message["value"], self.state or {}) if self.merges else message["value"]


def with_listed(streams: Sequence[str], config: Mapping[str, Any]) -> tuple[type[BaseStream], ...]:
    """These streams and those that they list: to make all others is most of what a run takes here."""
    needed = {*streams}
    if not needed <= DECLARED.keys() or {"custom_streams", "event_streams"} & config.keys():
        return registry.STREAMS
    while more := {name for stream in needed for name in listed(DECLARED[stream])} - needed:
        needed |= more
    return tuple(stream for stream in registry.STREAMS if stream.name in needed)


def listed(stream: type[KlaviyoStream]) -> Iterator[str]:
    """The streams whose ids or links a stream asks for."""
    if stream.parent:
        yield stream.parent.name
    if stream.linked_from:
        yield stream.linked_from.stream


def merged(state: dict[str, Any], into: dict[str, Any]) -> dict[str, Any]:
    """Merge a state into the last one, as Meltano 4.4 does: what is no object replaces, and objects need objects."""
    for key, value in state.items():
        if isinstance(value, dict):
            merged(value, into.setdefault(key, {}))
        else:
            into[key] = value
    return into


@dataclass
class Run:
    """What one run of the tap wrote."""

    messages: list[dict[str, Any]]
    failures: list[str]

    def records(self, stream: str) -> list[Row]:
        """The stream's records, in the order in which they were written."""
        return [one["record"] for one in self.messages if one["type"] == "RECORD" and one["stream"] == stream]

    def written(self, stream: str, key: str = "id") -> Counter[Any]:
        """How often each key was written."""
        return Counter(record[key] for record in self.records(stream))

    @property
    def states(self) -> list[dict[str, Any]]:
        """The bookmarks of each STATE."""
        return [one["value"].get("bookmarks", {}) for one in self.messages if one["type"] == "STATE"]


class Rig:
    """A shop, a clock that shop and tap share, and a table."""

    workers: ClassVar[int] = 24

    def __init__(self, shop: Shop | None = None, now: datetime = NOON) -> None:
        self.now = now
        self.shop = shop if shop is not None else Shop.empty()
        self.sandbox = Sandbox(self.shop, now=lambda: self.now)
        self.table = Table()
        self.ahead = timedelta(0)
        """How far the host's clock is ahead of Klaviyo's."""
        self.patience = 3000
        """A sync that makes more requests than that is going in circles."""

    def put(self, kind: str, resource_id: str, *, channel: str | None = None, **attributes: Any) -> None:
        """Put a resource on its shelf."""
        hidden = {} if channel is None else {"messages.channel": channel}
        self.shop.put(kind, Resource(kind, resource_id, attributes, hidden=hidden))

    def change(self, kind: str, resource_id: str, **attributes: Any) -> None:
        """Change some attributes of a resource."""
        self.shop.update(kind, resource_id, **attributes)

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

    def tap(
        self, *streams: str, method: str | None = None, state: Any = None, selected: bool = False, **config: Any
    ) -> TapKlaviyo:
        """Return a tap of these streams that starts now; ``selected``: those too that are off by default."""

        class SomeStreams(TapKlaviyo):
            def discover_streams(self) -> list[Any]:
                with mock.patch.object(registry, "STREAMS", with_listed(streams, config)):
                    return [stream for stream in super().discover_streams() if stream.name in streams]

        settings = {"api_url": "sandbox://", "max_workers": self.workers, **config}
        catalog = None
        if method is not None or selected:
            catalog = selecting(settings, streams)
            for entry in catalog["streams"]:
                entry["replication_method"] = method or entry["replication_method"]
                for part in entry["metadata"]:
                    part["metadata"]["selected"] = True
        return SomeStreams(config=settings, state=state, catalog=catalog, now=self.now + self.ahead)

    def sync(self, *streams: str, state: Any = ..., **options: Any) -> Run:
        """Run the tap in this process and load what it wrote; it goes on from the table's state."""
        tap = self.tap(*streams, state=self.table.state if state is ... else state, **options)
        messages = self.messages(tap)
        for message in messages:
            self.table.apply(message)
        return Run(messages, tap.failures)

    def messages(self, tap: TapKlaviyo) -> list[dict[str, Any]]:
        """Let a tap write, and return what it wrote; a tap that ends early has written up to there."""
        out = io.StringIO()
        self.sandbox.schedule.add(lambda _: tap.stopping.set(), after=self.patience)
        with mock.patch.object(sandbox_package, "shared", return_value=self.sandbox), contextlib.redirect_stdout(out):
            tap.sync_once()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    @property
    def bookmarks(self) -> dict[str, Any]:
        """The bookmarks that the target vouches for."""
        found: dict[str, Any] = (self.table.state or {}).get("bookmarks", {})
        return found

    def rows(self, stream: str) -> dict[Key, Row]:
        """The stream's rows in the table."""
        return self.table.rows.get(stream, {})

    def column(self, stream: str, name: str) -> dict[Any, Any]:
        """One column by the id, date-times as instants."""
        return {key[0]: as_instant(row[name]) for key, row in self.rows(stream).items()}

    def truth(self, kind: str, name: str) -> dict[str, Any]:
        """The same of the shop's resources."""
        return {one.id: as_instant(one.attributes[name]) for one in self.shop.resources(kind)}


def as_instant(value: Any) -> Any:
    """Return a date-time as an instant, whatever its spelling, and anything else as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text(moment: datetime) -> str:
    """Return a date-time as Klaviyo writes it."""
    return moment.isoformat()
