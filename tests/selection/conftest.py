from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.selection.syncing import discovered, small_shop
from tests.targets.installed import installed

if TYPE_CHECKING:
    from collections.abc import Callable

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
def meltano_select() -> Callable[..., dict[str, Any]]:
    """Meltano's own code for `select`, in an environment of its own."""
    python = installed("meltano==4.4.1") / "bin" / "python"

    def select(catalog: dict[str, Any], *patterns: str) -> dict[str, Any]:
        # Meltano takes a while for all streams; one that a catalog does not have is not selected.
        named = {pattern.removeprefix("!").partition(".")[0] for pattern in patterns}
        catalog = {"streams": [entry for entry in catalog["streams"] if entry["tap_stream_id"] in named]}
        done = subprocess.run(
            [python, Path(__file__).with_name("meltano_select.py"), *patterns],
            input=json.dumps(catalog),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # its log comes before
        return result

    return select
