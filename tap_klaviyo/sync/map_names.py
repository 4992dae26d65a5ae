"""What the expressions of stream maps may name: columns that are read, and what the SDK's evaluator knows."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import NULL_STRING

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.maps import is_evaluated
from tap_klaviyo.http.redact import brief

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# What an expression can name beside columns; a test compares it with what the SDK's evaluator has.
NO_COLUMNS = frozenset(
    {
        *("_", "record", "config", "fake", "__stream_name__", "__original_stream_name__"),
        *("md5", "sha256", "datetime", "bool", "json"),
        *("int", "float", "str", "rand", "randint", "dict", "list", "set", "tuple"),
    }
)


def named_columns(expression: Any, of: str) -> set[str]:
    """Return what an expression, that ``of`` a column, names beside what there always is; `self` is that column."""
    if not isinstance(expression, str) or expression == NULL_STRING:
        return set()
    nodes = [node for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]
    bound = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    named = {node.id for node in nodes} - bound - NO_COLUMNS
    return {of if name == "self" else name for name in named}


def refuse_unknown_names(stream_maps: Mapping[str, Any], columns: Mapping[str, Collection[str]]) -> None:
    """Refuse an expression that would fail at the stream's first record.

    Args:
        stream_maps: The setting, with its wildcards spelled out.
        columns: The columns that are read, of the streams that have no others.

    Raises:
        SettingsError: An expression names something else.
    """
    for stream, definition in stream_maps.items():
        if not isinstance(definition, dict):
            continue
        known = columns.get(definition.get("__source__", stream))
        for name, expression in definition.items() if known is not None else ():
            unknown = named_columns(expression, of=name).difference(known or ()) if is_evaluated(name) else set()
            if unknown:
                msg = (
                    f"setting 'stream_maps': '{brief(name, 40)}' of '{brief(stream, 40)}' names "
                    f"'{brief(min(unknown), 40)}', which is neither a function nor a column that is selected"
                )
                raise SettingsError(msg)
