"""The documentation names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.control import _SETTERS
from tap_klaviyo.sandbox.faults import KINDS

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Shop

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_fault_and_every_control_is_documented() -> None:
    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    documented = {kind for row in rows for kind in re.findall(r"`([a-z0-9-]+)`", row)}

    assert documented == KINDS
    assert all(f"`{name}`" in TEXT for name in _SETTERS if name != "faults")


def test_the_shop_is_as_large_as_it_says(shop: Shop) -> None:
    linkage_only = {"attribution", "profile-object-type", "profile-object-schema"}

    assert f"{len(set(shop.types()) - linkage_only)} resource types" in TEXT
    assert len(shop.resources("event")) == 3000
    assert len(shop.resources("profile")) == 400
