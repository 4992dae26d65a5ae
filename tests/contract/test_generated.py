"""The generated files are what the generator writes from the pinned document."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.contract.__main__ import PACKAGE, PINNED, text
from tools.contract.files import generated
from tools.contract.prune import prune


@pytest.fixture(scope="module")
def files() -> dict[str, Any]:
    return generated(json.loads(PINNED.read_text()))


def test_every_generated_file_is_up_to_date(files: dict[str, Any]) -> None:
    stale = [name for name, value in files.items() if (PACKAGE / name).read_text() != text(value)]
    assert stale == []


def test_no_schema_is_left_over(files: dict[str, Any]) -> None:
    written = {f"schemas/{path.name}" for path in (PACKAGE / "schemas").iterdir()}
    assert written == {name for name in files if name.startswith("schemas/")}


def test_two_runs_write_the_same(files: dict[str, Any]) -> None:
    again = generated(json.loads(PINNED.read_text()))
    assert {name: text(value) for name, value in again.items()} == {name: text(value) for name, value in files.items()}


def test_pruning_what_is_pruned_changes_nothing_but_prose_facts() -> None:
    pinned = json.loads(PINNED.read_text())
    again = prune(pinned)
    assert again["components"] == pinned["components"]
    assert again["paths"].keys() == pinned["paths"].keys()


if "KLAVIYO_OPENAPI" in os.environ:  # Klaviyo's 3 MB document is not kept here

    def test_the_pinned_document_is_the_pruned_one() -> None:
        assert PINNED.read_text() == text(prune(json.loads(Path(os.environ["KLAVIYO_OPENAPI"]).read_text())), sort=True)
