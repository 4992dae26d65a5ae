"""What one page costs the processor, stage by stage: the least of many tries, in one thread and with warm caches."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tap_klaviyo.streams.resource import KlaviyoStream

_TRIES = 100


def stages(config: dict[str, Any], catalog: Path) -> Iterator[tuple[str, float]]:
    """Yield the milliseconds of processor time of each stage of a page of events."""
    tap = TapKlaviyo(config=config, catalog=json.loads(catalog.read_text()))
    events: KlaviyoStream = tap.streams["events"]  # type: ignore[assignment]
    sync, _ = events.beginning.begin()
    steps = events.plan(sync)
    request, maker = steps.source.request(), steps.maker
    body = tap.session.sources.http.send(request).body
    document = maker.parse(body)
    rows = maker.rows(document, {})
    yield "request and answer (requests, urllib3, the socket)", _least(lambda: tap.session.sources.http.send(request))
    yield "decode (msgspec)", _least(lambda: maker.parse(body))
    yield "columns, instants and lifted members", _least(lambda: maker.rows(document, {}))
    yield "encode (msgspec)", _least(lambda: maker.page(rows))


def _least(stage: Callable[[], object]) -> float:
    return min(_milliseconds(stage) for _ in range(_TRIES))


def _milliseconds(stage: Callable[[], object]) -> float:
    begun = time.process_time()
    stage()
    return (time.process_time() - begun) * 1000
