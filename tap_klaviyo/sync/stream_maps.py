"""The SDK's stream maps, as far as they decide how records are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.mapper import SameRecordTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.mapper import StreamMap


def map_nothing(maps: Sequence[StreamMap], stream: str) -> bool:
    """Tell whether a stream's maps leave its records and its name as they are."""
    return len(maps) == 1 and type(maps[0]) is SameRecordTransform and maps[0].stream_alias == stream
