from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.selection.syncing import discovered, small_shop
from tests.targets.installed import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_klaviyo.sandbox import Shop


@pytest.fixture(scope="session")
def catalog() -> dict[str, Any]:
    """The catalog as it is discovered; not to be changed."""
    return discovered()


@pytest.fixture(scope="session")
def shop() -> Shop:
    """A small shop; not to be changed."""
    return small_shop()


@pytest.fixture(scope="session")
def meltano_select() -> Iterator[Callable[..., dict[str, Any]]]:
    """Meltano's own code for `select`, in an environment and a process of its own."""
    python = installed("meltano==4.4.1") / "bin" / "python"
    command = [python, Path(__file__).with_name("meltano_select.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def select(catalog: dict[str, Any], *patterns: str) -> dict[str, Any]:
            # Meltano takes a while for all streams; one that a catalog does not have is not selected.
            named = {pattern.removeprefix("!").partition(".")[0] for pattern in patterns}
            catalog = {"streams": [entry for entry in catalog["streams"] if entry["tap_stream_id"] in named]}
            asked.write(f"{json.dumps([catalog, patterns])}\n")
            asked.flush()
            answer = next(line for line in answers if line.startswith('{"streams"'))  # Meltano's log comes before
            result: dict[str, Any] = json.loads(answer)
            return result

        yield select
