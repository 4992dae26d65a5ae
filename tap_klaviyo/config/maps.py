"""Checks of the setting `stream_maps`: what the SDK refuses without saying where, or stumbles over."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tap_klaviyo.http.redact import brief

if TYPE_CHECKING:
    from collections.abc import Iterator


_NAMES_OF_STREAMS = ("__alias__", "__source__")


def map_problems(stream_maps: Any) -> Iterator[str]:
    """Yield what is wrong with the expressions, a line each."""
    for stream, definition in stream_maps.items() if isinstance(stream_maps, Mapping) else ():
        for name, expression in definition.items() if isinstance(definition, Mapping) else ():
            if isinstance(expression, str) and is_evaluated(name) and not _parses(expression):
                yield (
                    f"setting 'stream_maps': '{brief(name, 40)}' of '{brief(stream, 40)}' is not an expression; "
                    'write it as in Python: "md5(email)"'
                )
            if name in _NAMES_OF_STREAMS and not (isinstance(expression, str) and expression.strip()):
                yield (
                    f"setting 'stream_maps': '{name}' of '{brief(stream, 40)}' must be the name of a stream; "
                    "leave it out to keep the stream's own"
                )


def is_evaluated(name: str) -> bool:
    """Tell whether a member of a stream's map is an expression, that of a column or the filter."""
    return name == "__filter__" or not name.startswith("__")


def _parses(expression: str) -> bool:
    try:
        [statement] = ast.parse(expression).body
    except (SyntaxError, ValueError):
        return False
    return isinstance(statement, ast.Expr)
