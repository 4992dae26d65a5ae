"""Checks of `batch_config` beyond its schema, which the SDK shares with targets that write other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fsspec import get_filesystem_class  # type: ignore[import-untyped]
from fsspec.core import split_protocol  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator


def batch_problems(batch_config: Any) -> Iterator[str]:
    """Yield what is wrong with the setting, a line each; what is of the wrong type the schema finds."""
    if not isinstance(batch_config, dict):
        return
    encoding, storage = (_object(batch_config.get(name)) for name in ("encoding", "storage"))
    if encoding.get("format") != "jsonl":
        yield "setting 'batch_config.encoding.format' must be jsonl: the tap writes files of JSON lines only"
    root = storage.get("root")
    if not isinstance(root, str) or not root:
        yield "setting 'batch_config' needs 'storage.root': the folder for the files, such as file:///var/lib/klaviyo"
    elif not _is_reached(root):
        yield (
            "setting 'batch_config.storage.root' names a kind of storage that is not installed: install its package "
            "next to the tap, such as s3fs for s3://"
        )
    if not isinstance(storage.get("params") or {}, dict):
        yield "setting 'batch_config.storage.params' must be an object"
    size = batch_config.get("batch_size", 1)
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        yield "setting 'batch_config.batch_size' must be a whole number, at least 1"


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_reached(root: str) -> bool:
    protocol, _ = split_protocol(root)
    try:
        get_filesystem_class(protocol or "file")
    except (ImportError, ValueError):
        return False
    return True
