"""Pages agree with the code, with each other, and with their own tables."""

from __future__ import annotations

import fnmatch
import json
import os
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

import tap_klaviyo
from tap_klaviyo import contract
from tap_klaviyo.config.validation import problems
from tap_klaviyo.tap import TapKlaviyo
from tests.docs.blocks import blocks
from tools.docs.pages import ROOT, UnknownTableError, filled, pages
from tools.docs.scopes import streams
from tools.docs.settings import PREFIX, all_settings
from tools.docs.tables import TABLES

LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (?P<title>.+?)\s*$", re.MULTILINE)
FENCED = re.compile(r"^(```+).*?^\1$", re.DOTALL | re.MULTILINE)


def name(page):
    return page.relative_to(ROOT).as_posix()


def text(page):
    return page.read_text(encoding="utf-8")


def prose(page):
    return FENCED.sub("", text(page))


def anchors(page):
    """The anchors that GitHub makes of headings."""
    titles = (re.sub(r"[^\w\- ]", "", found["title"].lower()) for found in HEADING.finditer(prose(page)))
    return {title.replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", pages(), ids=name)
def test_generated_tables_are_those_of_the_code(page):
    assert filled(text(page), TABLES) == text(page), "run python -m tools.docs"


def test_marks_that_lead_nowhere_are_refused():
    with pytest.raises(UnknownTableError, match="no table is called 'other'"):
        filled("<!-- other begin -->\n<!-- other end -->", TABLES)
    with pytest.raises(UnknownTableError, match="without its other half"):
        filled("<!-- scopes begin -->\n", TABLES)


def test_every_table_is_on_a_page():
    written = "".join(map(text, pages()))
    assert [table for table in TABLES if f"<!-- {table} begin -->" not in written] == []


def links(page):
    """Where the page's links and pictures within the repository lead, and the anchor there."""
    for found in LINK.finditer(prose(page)):
        if not re.match(r"[a-z]+:", found["to"]):
            path, _, anchor = unquote(found["to"]).partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_lead_somewhere(page):
    for target, anchor in links(page):
        assert target.exists(), f"{name(page)} links to {name(target)}"
        assert not anchor or anchor in anchors(target), f"{name(page)} links to {name(target)}#{anchor}"


def test_every_page_and_every_example_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        place = ahead.pop()
        if place not in reached:
            reached.add(place)
            page = place / "README.md" if place.is_dir() else place
            ahead += [page, *(target for target, _ in links(page))] if page.suffix == ".md" and page.exists() else []
    wanted = {*pages(), *(folder for folder in (ROOT / "examples").iterdir() if any(folder.glob("*.*")))}
    reached |= {place.parent for place in reached}
    assert sorted(map(name, wanted - reached)) == []


def test_the_contents_name_every_page():
    index = ROOT / "docs" / "index.md"
    listed = {(index.parent / found["to"].partition("#")[0]).resolve() for found in LINK.finditer(text(index))}
    assert {page for page in pages() if page.parent == index.parent} - listed - {index} == set()


def test_the_site_and_the_contents_lead_through_the_same_pages_by_need():
    contents = re.split(r"^## (.+)$", text(ROOT / "docs" / "index.md"), flags=re.MULTILINE)
    items = [re.findall(r"^- \[.+?\]\((.+?)\)", section, re.MULTILINE) for section in contents[2::2]]
    listed = [[os.path.normpath(f"docs/{path}") for path in paths] for paths in items]
    settings = text(ROOT / "site" / "mkdocs.yml").partition("\nnav:\n")[2].partition("\n\n")[0]
    groups = [group for need in yaml.safe_load(settings) for group in need.items()]
    shown = {need: [path for page in pages for path in page.values()] for need, pages in groups}
    assert dict(zip(contents[1::2], listed, strict=True)) == shown
    assert [*shown] == ["Start", "How to", "Reference", "Why"]


def test_every_setting_and_its_variable_is_documented():
    page = text(ROOT / "docs" / "settings.md")
    assert [setting for setting in all_settings() if f"| `{setting}` |" not in page] == []
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", "".join(map(text, pages())))) <= {
        f"{PREFIX}{setting.upper()}" for setting in all_settings()
    } | {f"{PREFIX}LOGLEVEL"}


def test_every_stream_is_documented():
    page = text(ROOT / "docs" / "access.md")
    assert [stream for stream in streams() if f"| `{stream}`" not in page] == []


def rows(page):
    """The cells of the tables of a page."""
    return [line.strip("|").split(" | ") for line in text(page).splitlines() if line.startswith("| ")]


def test_what_takes_the_place_of_anothers_stream_or_setting_is_there():
    tap = TapKlaviyo(config={}, validate_config=False)
    columns = {name: {*stream.schema["properties"]} for name, stream in tap.streams.items()}
    offered = [endpoint.additional_fields.values() for endpoint in contract.newest().endpoints().values()]
    fields = {field for by_type in offered for of_type in by_type for field in of_type}
    members = {
        name
        for page in ("reports", "custom-streams", "selection")
        for cells in rows(ROOT / "docs" / f"{page}.md")
        for name in re.findall("`([a-z_]+)`", cells[0])
    }
    here = "\n".join(cells[-1] for cells in rows(ROOT / "docs" / "moving.md"))
    named = re.findall(r"`([a-z_]+)(?:\.([a-z_]+))?`", here)
    known = all_settings().keys() | members | fields | columns.keys() | set().union(*columns.values())
    assert len(named) > 50
    assert [name for name, _ in named if name not in known] == []
    assert [(name, member) for name, member in named if member and member not in columns[name]] == []


def data():
    for page in pages():
        for block in blocks(text(page)):
            if block.language in {"json", "yaml", "yml"}:
                yield pytest.param(block, id=f"{name(page)}:{block.line}")


def settings_in(value):
    """The objects inside a value that are settings of the tap; entries of its lists have a name."""
    if isinstance(value, dict) and "name" not in value and value.keys() & all_settings().keys():
        yield value
    else:
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from settings_in(inner)


def patterns_in(value):
    """What stands under `select`, anywhere inside a value."""
    if isinstance(value, dict):
        yield from value.get("select", ())
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from patterns_in(inner)


@pytest.mark.parametrize("block", [*data()])
def test_data_parses_and_settings_are_taken(block):
    parsed = json.loads(block.text) if block.language == "json" else list(yaml.safe_load_all(block.text))
    for found in settings_in(parsed):
        settings = {key: value for key, value in found.items() if key not in {"select", "metadata"}}
        assert list(problems(settings, {**TapKlaviyo.config_jsonschema, "properties": all_settings()})) == []
        assert TapKlaviyo(config=settings, validate_config=False).streams
    for pattern in patterns_in(parsed):
        stream = pattern.removeprefix("!").partition(".")[0]
        assert fnmatch.filter(streams(), stream), f"nothing is called {stream}"


def test_lines_to_look_up_are_lines_that_the_tap_says():
    table = text(ROOT / "docs" / "operations.md").partition("| the line has | do |")[2]
    quoted = [phrase for line in table.splitlines()[2:] for phrase in re.findall("`([^`]+)`", line.split("|")[1])]
    source = "".join(file.read_text(encoding="utf-8") for file in Path(tap_klaviyo.__file__).parent.rglob("*.py"))
    assert len(quoted) > 10
    assert [phrase for phrase in quoted if phrase not in source] == []
