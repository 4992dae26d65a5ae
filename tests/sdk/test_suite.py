"""The SDK's own tests of a tap, over every stream, against the embedded shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Iterator

# The shop's rows end in 2025; without a start a report reads the last twelve months, in which nothing happened.
CONFIG = {"api_url": "sandbox://", "start_date": "2024-07-01T00:00:00Z"}
LOG = "object-ingestion-log"


def everything_selected() -> dict[str, Any]:
    """The catalog with the streams switched on that are off by default: the SDK finds no fields in those."""
    catalog = TapKlaviyo(config=CONFIG).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
    return catalog


@pytest.fixture(autouse=True, scope="module")
def _with_a_log_of_today() -> Iterator[None]:
    """Ingestion logs reach 14 days back, and the shop's rows are older than that."""
    shop = Shop(events=300, profiles=60)
    oldest = shop.resources(LOG)[0].id
    shop.update(LOG, oldest, timestamp=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    sandbox = Sandbox(shop)
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox):
        yield


# A column may be null in every row of the shop. (A stream without rows has another warning, which fails.)
pytestmark = pytest.mark.filterwarnings("ignore:No records were available to test:UserWarning")

TestTapKlaviyo = get_tap_test_class(TapKlaviyo, config=CONFIG, catalog=everything_selected(), parse_env_config=False)
