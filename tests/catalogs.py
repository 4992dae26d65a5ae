"""Discovered catalogs; each is made once, because thousands of tests begin with one."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Catalog = dict[str, Any]


def discovered(config: Mapping[str, Any]) -> Catalog:
    """The catalog of a tap with these settings, to be changed at will."""
    return Catalog(streams=[json.loads(entry) for entry in _entries(json.dumps(config)).values()])


def selecting(config: Mapping[str, Any], streams: Collection[str] | None) -> Catalog:
    """The catalog with these streams alone, or with all, selected."""
    entries = _entries(json.dumps(config))
    chosen = [json.loads(entry) for name, entry in entries.items() if streams is None or name in streams]
    for entry in chosen:
        root(entry)["selected"] = True
    return Catalog(streams=chosen)


def root(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of a stream itself."""
    found: dict[str, Any] = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
    return found


@functools.lru_cache(maxsize=32)
def _entries(config: str) -> dict[str, str]:
    catalog = TapKlaviyo(config=json.loads(config), validate_config=False).catalog_dict
    return {entry["tap_stream_id"]: json.dumps(entry) for entry in catalog["streams"]}
