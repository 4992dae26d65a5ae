"""The option `--suggest`: property columns for an account, ready to be pasted into the settings."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tap_klaviyo import contract
from tap_klaviyo.contract import filters
from tap_klaviyo.contract.personal import FREE, personal_attributes
from tap_klaviyo.http.errors import BadRequestError, PermissionDeniedError
from tap_klaviyo.records.columns import Attribute
from tap_klaviyo.records.fieldsets import Ask
from tap_klaviyo.records.jsonapi import decoded, linkage
from tap_klaviyo.records.property_path import written
from tap_klaviyo.streams.metric_events import MetricEvents
from tap_klaviyo.streams.metric_segments import METRIC, MOST
from tap_klaviyo.streams.property_samples import Found, example, found_in
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.account import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from singer_sdk import Tap

    from tap_klaviyo.records.jsonapi import Resource
    from tap_klaviyo.streams.base import BaseStream

AnyTap = TypeVar("AnyTap", bound="Tap")

_ROWS = 200
_LATELY = timedelta(days=30)
_METRICS = 5  # whose properties are asked for, 15 requests per minute
_MOST = 60
_HELP = "Look at a few events and profiles, and write columns for their properties, to paste into the settings."
_ENOUGH = 50
_TYPES = {"number": "double", "boolean": "boolean", "date": "timestamp", "datetime": "timestamp"}


@dataclass(frozen=True, slots=True)
class Sample:
    """The free-form properties of some rows of a stream."""

    stream: str
    attribute: str
    rows: Sequence[dict[str, Any]]
    found: Sequence[Found]
    taken: frozenset[str]


def option(make: Callable[..., AnyTap], streams_of: Callable[[AnyTap], Sequence[BaseStream]]) -> click.Option:
    """Return the option of the command line; ``make`` makes a tap of settings, ``streams_of`` its streams."""

    def suggest(ctx: click.Context, _param: click.Option, value: bool) -> None:  # noqa: FBT001 - click's own signature
        if value:
            given = ctx.params["config"]
            tap = make(config=given.config, parse_env_config=given.parse_env)
            for line in lines(streams_of(tap)):
                click.echo(line)
            ctx.exit()

    return click.Option(["--suggest"], is_flag=True, callback=suggest, expose_value=False, help=_HELP)


def lines(streams: Sequence[BaseStream]) -> Iterator[str]:
    """Yield what is suggested, as YAML: a block of `stream_options`.

    Raises:
        KlaviyoError: The sample cannot be read.
    """
    yield "# To paste under `config`, without what you do not want. Values are shown as shapes: x a letter, 9 a digit."
    yield "stream_options:"
    for stream in streams:
        attribute = _attribute(stream)
        if attribute is None or not isinstance(stream, KlaviyoStream):
            continue
        try:
            sample = _sample(stream, attribute)
        except PermissionDeniedError as error:
            yield f"  # {stream.name}: {error}"
            continue
        yield from _block(sample)


def _attribute(stream: BaseStream) -> str | None:
    """Return the free-form attribute of a stream, if it has one and is read without parents."""
    if not isinstance(stream, KlaviyoStream) or stream.fan_out:
        return None
    free = [name for name, words in personal_attributes(stream.spec.record_type).items() if words == FREE]
    names = {column.source.name for column in stream.columns if isinstance(column.source, Attribute)}
    return free[0] if stream.windowed and len(free) == 1 and free[0] in names else None


def _sample(stream: KlaviyoStream, attribute: str) -> Sample:
    spec, session = stream.spec, stream.session
    ask = Ask(fields={spec.record_type: tuple(sorted({attribute, str(spec.cursor)}))})
    of_metric = [filters.among(METRIC, metrics[:MOST])] if (metrics := _metrics(stream)) else []
    size = min(_ROWS, spec.endpoint.page_size or _ROWS)
    source = session.sources.source(stream.name, spec.endpoint, ask, sort=spec.cursor, page_size=size)
    lately = filters.from_bound(str(spec.cursor), spec.endpoint.filters, session.started_at - _LATELY)
    read: Sequence[Resource] = ()
    with contextlib.suppress(BadRequestError):  # this host's clock is far ahead
        read = source.first(conditions=[*of_metric, lately]).read(source)[0].data
    if len(read) < _ENOUGH:  # an account may have been quiet
        read = max(read, source.first(conditions=of_metric).read(source)[0].data, key=len)
    rows = [row for one in read if isinstance(row := decoded((one.attributes or {}).get(attribute)), dict)]
    found = found_in(rows)
    known = {one.path[0] for one in found}
    more = [one for one in _listed(stream, read) if one.path[0] not in known]
    taken = frozenset({ACCOUNT_ID, *(column.name.lower() for column in stream.columns)})
    return Sample(stream.name, attribute, rows, [*found, *more], taken)


def _metrics(stream: KlaviyoStream) -> list[str]:
    return [*stream.metric_ids()] if isinstance(stream, MetricEvents) else []


def _listed(stream: KlaviyoStream, rows: Sequence[Resource]) -> list[Found]:
    """Return the properties that Klaviyo lists of the metrics of the most rows."""
    metrics = Counter(link[0][1] for row in rows if (link := linkage(row, "metric")))
    endpoint = contract.newest().endpoint("/api/metrics/{id}/metric-properties")
    source = stream.session.sources.source(stream.name, endpoint, Ask())
    found: dict[str, Found] = {}
    for metric, _ in metrics.most_common(_METRICS):
        try:
            document, _ = source.first({"id": metric}).read(source)
        except (PermissionDeniedError, BadRequestError):
            return []
        for row in document.data:
            attributes = {name: decoded(value) for name, value in (row.attributes or {}).items()}
            name = attributes.get("property")
            if isinstance(name, str) and name and '"' not in name:
                kind = _TYPES.get(str(attributes.get("inferred_type")), "string")
                found.setdefault(name, Found((name,), type=kind))
    return [*found.values()]


def _block(sample: Sample) -> Iterator[str]:
    yield f"  # {sample.stream}: {len(sample.rows)} rows of {sample.attribute} were looked at"
    if not sample.found:
        return
    yield f"  {sample.stream}:"
    yield "    property_columns:"
    taken = set(sample.taken)
    for one in sample.found[:_MOST]:
        name = _column_name(one, taken)
        taken.add(name)
        share = f"{one.count / len(sample.rows):.0%}" if one.count else "in none of these rows"
        shown = f", like {example(one)}" if one.count else ""
        said = f"{{property: {json.dumps(written(one.path), ensure_ascii=False)}, type: {json.dumps(one.type)}}}"
        yield f"      {name}: {said}  # {share}{shown}"
    if len(sample.found) > _MOST:
        yield f"      # and {len(sample.found) - _MOST} rarer ones"


def _column_name(found: Found, taken: set[str]) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", "_".join(map(str, found.path)))
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words).strip("_").lower() or "property"
    name = f"property_{name}" if name[0].isdigit() or name in taken else name
    number = 2
    unique = name
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique
