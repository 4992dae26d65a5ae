"""The documentation names what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.behaviour import SWITCHES
from tap_klaviyo.sandbox.control import _SETTERS
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.faults import KINDS
from tap_klaviyo.sandbox.revisions import DOCUMENTS

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Shop

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def names(heading: str) -> set[str]:
    """Return the names in the first column of the table under a heading."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z0-9_-]+)`", row)}


def test_every_fault_switch_and_control_is_documented() -> None:
    assert names("How to make it misbehave") == KINDS
    assert names("As recorded, or as documented") == set(SWITCHES)
    assert all(f"`{name}`" in TEXT for name in _SETTERS if name != "faults")


def test_the_shop_is_as_large_as_it_says(shop: Shop) -> None:
    linkage_only = {"attribution", "profile-object-type", "profile-object-schema"}
    older, newer = (len(set(load(revision).types()) - linkage_only) for revision in DOCUMENTS)

    assert f"the {older} resource types of revision {DOCUMENTS[0]} and the {newer} of {DOCUMENTS[1]}" in TEXT
    assert len(shop.resources("event")) == 3000
    assert len(shop.resources("profile")) == 400
