"""What files in place of messages cost, against messages."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Measurement


def batches(measured: Callable[[dict[str, Any]], Measurement], size: int) -> Iterator[list[str]]:
    """Yield a row for messages, and one for files of each compression; `measured` runs the tap with settings."""
    messages = measured({})
    yield _row("messages", messages, messages)
    for compression in ("none", "gzip"):
        with TemporaryDirectory() as folder:
            encoding = {"format": "jsonl", "compression": compression}
            files = {"encoding": encoding, "storage": {"root": Path(folder).as_uri()}, "batch_size": size}
            yield _row(f"files, compression `{compression}`", measured({"batch_config": files}), messages)


def _row(what: str, found: Measurement, messages: Measurement) -> list[str]:
    return [what, f"{found.cpu:.2f} s", f"{found.cpu / messages.cpu:.2f}", f"{found.peak:.0f} MB"]
