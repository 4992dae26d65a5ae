from __future__ import annotations

import pytest

from tests.targets import postgres, warehouses
from tests.targets.messages import everything_selected, sync


@pytest.fixture(scope="session")
def first(tmp_path_factory):
    """A first sync of every stream there is."""
    return sync(tmp_path_factory.mktemp("sync") / "first", catalog=everything_selected())


@pytest.fixture(scope="session")
def second(tmp_path_factory, first):
    """A second sync, nothing having changed, that goes on from the first one's state."""
    return sync(tmp_path_factory.mktemp("sync") / "second", catalog=everything_selected(), state=first.state)


@pytest.fixture(scope="session")
def postgres_port():
    with postgres.server() as port:
        yield port


@pytest.fixture(scope="session", params=["duckdb", "postgres"])
def database(request, tmp_path_factory):
    """A database that knows keys, in turn each kind."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "duckdb":
        return warehouses.duckdb(folder)
    return warehouses.postgres(folder, request.getfixturevalue("postgres_port"))
