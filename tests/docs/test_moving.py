"""The tables for those who come from another connector hold what that connector publishes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tap_klaviyo.tap import TapKlaviyo
from tools import moving
from tools.docs.pages import ROOT

TOOLS = yaml.safe_load((Path(__file__).parent / "moving.yaml").read_text(encoding="utf-8"))
STREAMS = [
    pytest.param(tool, theirs, facts, id=f"{facts_of['repository']}:{theirs}")
    for tool, facts_of in TOOLS.items()
    for theirs, facts in facts_of["streams"].items()
]
OURS = TapKlaviyo(config={}, validate_config=False).streams


def rows(tool):
    """The cells of the table under the heading of a tool."""
    page = (ROOT / "docs" / "moving.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {tool}\n")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]


def row(tool, theirs):
    """What the page says of a stream: their cell and ours."""
    found = [cells for cells in rows(tool) if f"`{theirs}`" in cells[0]]
    assert len(found) == 1, f"{theirs} stands in {len(found)} rows under {tool}"
    return found[0]


@pytest.mark.parametrize(("tool", "theirs", "facts"), STREAMS)
def test_every_stream_of_another_connector_leads_to_the_one_here(tool, theirs, facts):
    assert facts["here"] in OURS
    _, here = row(tool, theirs)
    assert f"`{facts['here']}`" in here or ("the same name" in here and theirs == facts["here"])


@pytest.mark.parametrize(("tool", "theirs", "facts"), STREAMS)
def test_a_key_that_is_another_here_is_named(tool, theirs, facts):
    ours = {*OURS[facts["here"]].primary_keys}
    there, here = row(tool, theirs)
    if facts["key"] != ["id"] or ours != {"id"}:
        assert {*facts["key"]} - ours <= {*re.findall("`([a-z_/]+)`", there)}
        assert ours - {*facts["key"]} <= {*re.findall("`([a-z_]+)`", here)}


@pytest.mark.parametrize("view", [*moving.views()], ids=lambda view: f"{view.tool}:{view.name}")
def test_a_view_has_what_the_other_connector_publishes(view):
    streams = {name.replace("-", "_"): facts for name, facts in TOOLS[view.connector]["streams"].items()}
    facts = streams[view.name]
    assert facts["here"] == view.here
    published = {*facts.get("columns", ()), *(f"attributes.{name}" for name in facts.get("attributes", ()))}
    here = {*view.columns, *(f"attributes.{name}" for name in view.attributes)}
    assert published - here == {*view.without}


def test_views_are_what_the_data_says_today():
    written = {view.path: view.sql for view in moving.views()}
    assert {path: path.read_text(encoding="utf-8") for path in moving.MODELS.rglob("*.sql")} == written
