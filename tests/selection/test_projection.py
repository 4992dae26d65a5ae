"""Whatever is selected: the strict sandbox accepts the requests, and the records are the full ones, projected."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo.sandbox import Behaviour, Sandbox
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo
from tests.selection import oracle
from tests.selection.syncing import URL, chosen, discovered, small_shop, sync

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.selection.syncing import Synced

# Of an included resource Klaviyo gives this only where fields are named: then it comes, and the full record lacks it.
UNASKED = ("campaign_messages", "definition")

NAMES = sorted(stream.name for stream in STREAMS)


def all_includes() -> dict[str, Any]:
    """Options that include all there is, where the records are an endpoint's own."""
    return {
        stream.name: {"include": list(stream.endpoint.include)}
        for stream in TapKlaviyo(config=URL).klaviyo_streams()
        if isinstance(stream, KlaviyoStream) and stream.via is None and stream.endpoint.include
    }


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return all_includes()


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """By Klaviyo's document: the real one gives other values of some attributes where they are asked for by name."""
    shop = small_shop()
    oldest = shop.resources("object-ingestion-log")[0].id  # the shop's rows are older than the two weeks of the log
    shop.update("object-ingestion-log", oldest, timestamp=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    return Sandbox(shop, behaviour=Behaviour.documented())


@pytest.fixture(scope="module")
def everything(options) -> dict[str, Any]:
    catalog = discovered(stream_options=options)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = item["breadcrumb"] != [] or entry["tap_stream_id"] in NAMES
    return catalog


@pytest.fixture(scope="module")
def full(sandbox, everything, options) -> Synced:
    found = sync(sandbox, everything, stream_options=options)
    assert found.failures == []
    assert {*NAMES} <= found.records.keys()
    return found


def keyed(stream: str, records: list[dict[str, Any]], keys: Mapping[str, tuple[str, ...]]) -> dict[Any, dict[str, Any]]:
    found = {tuple(record[name] for name in keys[stream]): record for record in records}
    assert len(found) == len(records)
    return {key: unsigned(record) for key, record in found.items()}


def unsigned(value: Any) -> Any:
    """A value without the signatures of its screenshots' URLs: each response has new ones."""
    if isinstance(value, dict):
        return {
            name: one.partition("?")[0] if name == "screenshot_url" and isinstance(one, str) else unsigned(one)
            for name, one in value.items()
        }
    return [unsigned(one) for one in value] if isinstance(value, list) else value


def without(record: dict[str, Any], column: str, member: str) -> dict[str, Any]:
    """A record whose included resources lack one member."""
    rest = [{name: one for name, one in row.items() if name != member} for row in record.get(column) or ()]
    return {**record, column: rest} if column in record else record


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 4))])
def test_one_sync_a_stream_with_a_selection_by_chance(seed, sandbox, everything, full, options):
    chance = random.Random(seed)  # noqa: S311 - repeatable
    choices: dict[str, dict[str, bool]] = {}
    kept: dict[str, set[oracle.Path]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    for stream in TapKlaviyo(config={**URL, "stream_options": options}).klaviyo_streams():
        if stream.name not in NAMES:
            continue
        keys[stream.name] = tuple(stream.primary_keys)
        share = chance.choice([0.2, 0.6, 0.9])
        selected = {path: chance.random() < share for path in oracle.paths(stream.schema)}
        choices[stream.name] = {".".join(path): one for path, one in selected.items()}
        always: dict[oracle.Path, bool] = {
            (name,): True for name in (*stream.primary_keys, stream.declared_replication_key) if name
        }
        kept[stream.name] = oracle.leaves(stream.schema, {**selected, **always})
    partial = sync(sandbox, chosen(everything, choices), stream_options=options)
    assert partial.failures == []
    for stream_name in NAMES:
        schema = full.schemas[stream_name]
        wanted = {
            key: oracle.projected(record, schema, kept[stream_name])
            for key, record in keyed(stream_name, full.records[stream_name], keys).items()
        }
        found = keyed(stream_name, partial.records[stream_name], keys)
        if stream_name == "campaigns":
            found = {key: without(record, *UNASKED) for key, record in found.items()}
            wanted = {key: without(record, *UNASKED) for key, record in wanted.items()}
        assert found == wanted, stream_name
        columns = {leaf[0] for leaf in kept[stream_name]}
        assert partial.schemas[stream_name]["properties"].keys() == columns
