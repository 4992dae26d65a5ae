"""What every test stands on: no network, a clean environment, bounded property tests, and costly things once."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from tap_klaviyo.http.waiting import Patience
from tap_klaviyo.sync.clock import Clock
from tests import network
from tests.http.wire import FakeTime
from tests.targets import postgres, warehouses
from tests.targets.installed import installed
from tests.targets.messages import everything_selected, sync

if TYPE_CHECKING:
    from collections.abc import Generator

# Session fixtures that take seconds to make; the last one that a file needs names its group.
COSTLY = ("meltano", "first_sync")
FOREIGN = ("TAP_KLAVIYO_", "TARGET_", "MELTANO_", "SINGER_SDK_")

hypothesis.settings.register_profile("default", deadline=None, max_examples=25)
# Repeatable: a build must not fail for an example that nobody can get back.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=25, derandomize=True)
# Beside the long tests: `pytest -m hypothesis --hypothesis-profile=more`.
hypothesis.settings.register_profile("more", deadline=None, max_examples=200)
# For whoever looks for what is left: `pytest tests/fuzz --hypothesis-profile=long`.
hypothesis.settings.register_profile("long", deadline=None, max_examples=5000)


def pytest_configure(config: pytest.Config) -> None:
    """Wall in the whole session: the SDK's test classes start a tap while they are still being collected."""
    hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "default")
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    network.forbid(patch)
    # A developer's own settings would override the tests' (the SDK lets the environment win).
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        patch.delenv(name)
    # Each process of the tap would compile all that it imports: keep it for the next, and nothing for the next session.
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        compiled = tempfile.TemporaryDirectory(prefix="bytecode-", ignore_cleanup_errors=True)
        config.add_cleanup(compiled.cleanup)
        patch.delenv("PYTHONDONTWRITEBYTECODE")
        patch.setenv("PYTHONPYCACHEPREFIX", compiled.name)
    # A proxy must not be asked for loopback.
    for name in ("no_proxy", "NO_PROXY"):
        patch.setenv(name, "127.0.0.1,localhost")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where processes share the tests, give each file to one of them, and all that needs a costly thing to one."""
    costly = {item.path: name for item in items for name in COSTLY if name in getattr(item, "fixturenames", ())}
    for item in items:
        item.add_marker(pytest.mark.xdist_group(costly.get(item.path, str(item.path))))


def pytest_collection_finish() -> None:
    """Let the collector leave ten thousand collected tests alone, and look at the rest less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Escape what processes cannot send each other: a log of a fuzzed page may hold half of a surrogate pair."""
    return _sendable((yield))


def _sendable(data: Any) -> Any:
    match data:
        case str():
            return data.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {key: _sendable(value) for key, value in data.items()}
        case list() | tuple():
            return type(data)(map(_sendable, data))
    return data


@pytest.fixture(autouse=True, scope="session")
def no_time_passes():
    """Klaviyo's clock stands still in most tests, or moves by requests: how long a busy machine takes is not time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tap_klaviyo.tap.Clock", partial(Clock, monotonic=lambda: 0.0))
        yield


@pytest.fixture
def nobody_waits(monkeypatch):
    """Klaviyo's limits over a socket, and the waits between tries, by a clock that only waiting moves."""
    time = FakeTime()
    monkeypatch.setattr("tap_klaviyo.http.client.Patience", partial(Patience, time.clock, time.sleep))


@pytest.fixture(autouse=True)
def no_log_is_left_behind():
    """A command line sets up its logs for the whole process; they would write to what is closed with its test."""
    root = logging.getLogger()
    before = root.handlers[:]
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def first_sync(tmp_path_factory):
    """A first sync of every stream there is; of two long reports the last days, as they would be most of all rows."""
    read = (datetime.now(UTC) - timedelta(days=14)).date().isoformat()
    begun = {
        stream: {"replication_key": "date", "replication_key_value": read}
        for stream in ("form_series_report", "segment_series_report")
    }
    folder = tmp_path_factory.mktemp("sync") / "first"
    return sync(folder, catalog=everything_selected(), state={"bookmarks": begun})


@pytest.fixture(scope="session")
def postgres_port():
    """A PostgreSQL server; each test makes databases of its own."""
    with postgres.server() as port:
        yield port


@pytest.fixture(scope="session")
def duckdb_loaded(tmp_path_factory, first_sync):
    """A DuckDB file that the first sync was loaded into, once; the state that the target handed back."""
    warehouse = warehouses.duckdb(tmp_path_factory.mktemp("duckdb"))
    return warehouse, warehouse.load(first_sync.path)


@pytest.fixture(scope="session")
def meltano():
    """Meltano's environment, kept apart: it brings more than the tap should ever be tested with."""
    return installed("meltano==4.4.1")
