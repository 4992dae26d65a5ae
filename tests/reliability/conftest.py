"""A small shop, and a machine to run the tap on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_klaviyo.sandbox import Shop
from tests.reliability.cli import Machine, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.reliability.cli import Klaviyo


@pytest.fixture(scope="session")
def shop() -> Shop:
    """A shop of which an undisturbed sync warns of nothing: every amount is a number."""
    shop = Shop(events=400, profiles=120)
    for event in shop.resources("event"):
        properties = event.attributes["event_properties"] or {}
        if isinstance(properties.get("$value"), str):
            shop.update("event", event.id, event_properties={**properties, "$value": 1234.5})
    return shop


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def served(shop: Shop) -> Iterator[tuple[Klaviyo, str]]:
    with open_shop(shop) as opened:
        yield opened


@pytest.fixture
def klaviyo(served: tuple[Klaviyo, str]) -> Klaviyo:
    return served[0]


@pytest.fixture
def url(served: tuple[Klaviyo, str]) -> str:
    return served[1]
