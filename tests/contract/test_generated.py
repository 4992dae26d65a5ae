"""The generated files are what the generator writes from the pinned documents."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tools.contract.__main__ import PACKAGE, contents, kept, left_over, text
from tools.contract.prune import prune

DOCUMENTS = kept(PACKAGE)


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return contents(DOCUMENTS)


def test_every_generated_file_is_up_to_date(files: dict[str, str]) -> None:
    stale = [name for name, value in files.items() if (PACKAGE / name).read_text() != value]
    assert stale == []


def test_no_file_is_left_over(files: dict[str, str]) -> None:
    assert left_over(PACKAGE, files) == set()


def test_two_runs_write_the_same(files: dict[str, str]) -> None:
    assert contents(kept(PACKAGE)) == files


def test_a_generated_file_says_what_it_comes_from(files: dict[str, str]) -> None:
    for name, value in files.items():
        (revision,) = [revision for revision in DOCUMENTS if f"/{revision}" in name]
        found = json.loads(value)
        said = found.get("generated") or found.get("$comment") or found["info"]["description"]
        assert "`python -m tools.contract`" in said, name
        assert revision in said, name
        assert said in value[:600], name


@pytest.mark.parametrize("revision", DOCUMENTS)
def test_pruning_what_is_pruned_changes_nothing_but_prose_facts(revision: str) -> None:
    pinned = DOCUMENTS[revision]
    again = prune(pinned)
    assert again["components"] == pinned["components"]
    assert again["paths"].keys() == pinned["paths"].keys()


@pytest.mark.parametrize("source", os.environ.get("KLAVIYO_OPENAPI", "").split(os.pathsep))
def test_a_pinned_document_is_the_pruned_one(source: str) -> None:
    if not source:
        pytest.skip("Klaviyo's documents, 3 MB each, are not kept here: name them in KLAVIYO_OPENAPI")
    pruned = prune(json.loads(Path(source).read_text()))
    pinned = PACKAGE / "sandbox" / "documents" / f"{pruned['info']['version']}.json"
    assert pinned.read_text() == text(pruned)
