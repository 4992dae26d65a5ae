from __future__ import annotations

import pytest

from tests.targets.installed import installed


@pytest.fixture(scope="session")
def meltano():
    """Meltano's environment, kept apart: it brings more than the tap should ever be tested with."""
    return installed("meltano==4.4.1")
