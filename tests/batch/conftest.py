from __future__ import annotations

import pytest

from tests.batch import files
from tests.targets.messages import sync


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A sync of what is on by default, record by record."""
    return sync(tmp_path_factory.mktemp("plain") / "run")


@pytest.fixture(scope="session")
def in_files(tmp_path_factory):
    """The same sync in files of 250 records."""
    folder = tmp_path_factory.mktemp("batched")
    return sync(folder / "run", files.config(folder, 250))
