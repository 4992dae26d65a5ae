from __future__ import annotations

import pytest

from tap_klaviyo.sandbox import Sandbox, Shop


@pytest.fixture(scope="session")
def shop() -> Shop:
    """Return the default shop; not to be changed."""
    return Shop()


@pytest.fixture
def sandbox(shop: Shop) -> Sandbox:
    """Return a sandbox of its own on the shop that all tests read."""
    return Sandbox(shop)
