from __future__ import annotations

import pytest

from tests.targets import warehouses
from tests.targets.messages import everything_selected, sync


@pytest.fixture(scope="session")
def first(first_sync):
    """A first sync of every stream there is."""
    return first_sync


@pytest.fixture(scope="session")
def second(tmp_path_factory, first):
    """A second sync, nothing having changed, that goes on from the first one's state."""
    return sync(tmp_path_factory.mktemp("sync") / "second", catalog=everything_selected(), state=first.state)


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def database(request, tmp_path_factory, first):
    """A database that knows keys, in turn each kind, with the first sync in it, and the state that it vouches for."""
    if request.param == "duckdb":
        return request.getfixturevalue("duckdb_loaded")
    port = request.getfixturevalue("postgres_port")
    warehouse = warehouses.postgres(tmp_path_factory.mktemp("postgres"), port)
    return warehouse, warehouse.load(first.path)
