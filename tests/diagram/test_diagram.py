from __future__ import annotations

import re

import pytest

from tools import diagram
from tools.relations import tables

# What ends in `_id` and is no other stream's: a shop's own number, a visitor of a site, a variation, a setting.
NO_REFERENCES = {"anonymous_id", "external_id", "variation_id", "utm_id", "attribution_id", "attributed_variation_id"}
# The grammar of what stands in an entity-relationship diagram, as far as it is used.
LINES = re.compile(
    r"erDiagram"
    r"|    (?P<one>\w+) (?:\|\||\|o)--o\{ (?P<many>\w+) : (?P<label>\w+)"
    r"|    (?P<entity>\w+) \{"
    r"|        \w+ (?P<column>\w+) (?:PK|FK|PK, FK)"
    r"|    \}"
)


@pytest.fixture(scope="module")
def streams():
    return tables()


@pytest.fixture(scope="module")
def diagrams():
    """The lines of each diagram on the page, taken apart."""
    blocks = re.findall(r"```mermaid\n(.*?)```", diagram.page(), re.DOTALL)
    found = [[LINES.fullmatch(line) for line in block.splitlines()] for block in blocks]
    assert all(all(lines) for lines in found)
    return [[line for line in lines if line is not None] for lines in found]


def test_the_page_is_what_the_declarations_say_today():
    assert diagram.PAGE.read_text() == diagram.page()


def test_every_stream_is_drawn_once_with_its_key_and_references(diagrams, streams):
    drawn: dict[str, list[str]] = {}
    for line in (line for lines in diagrams for line in lines):
        if line["entity"]:
            assert line["entity"] not in drawn
            columns = drawn[line["entity"]] = []
        elif line["column"]:
            columns.append(line["column"])
    assert {*drawn} == {*streams}
    for name, columns in drawn.items():
        assert {*streams[name].keys} <= {*columns} <= {*streams[name].columns}, name
        assert {reference.column for reference in streams[name].references} <= {*columns}, name


def test_every_line_leads_to_a_stream_by_a_column_that_it_has(diagrams, streams):
    overview, *parts = ([line for line in lines if line["one"]] for lines in diagrams)
    assert sorted(line[0] for line in overview) == sorted(line[0] for lines in parts for line in lines)
    for line in overview:
        assert line["one"] in streams
        assert line["label"] in streams[line["many"]].columns


def test_every_id_column_is_a_reference_or_known_to_be_none(streams):
    for table in streams.values():
        ids = {name for name in table.columns if name.endswith("_id")} - NO_REFERENCES
        if table.name == "campaign_values_report":
            ids -= {"campaign_message_id"}  # of every recorded row it is the campaign's
        assert ids == {reference.column for reference in table.references}, table.name


@pytest.mark.parametrize(
    ("stream", "column", "refers_to"),
    [
        ("events", "profile_id", "profiles"),
        ("events", "flow_message_id", "flow_messages"),
        ("events", "attributed_event_id", "events"),
        ("event_attributions", "event_id", "events"),
        ("event_attributions", "attributed_campaign_message_id", "campaign_messages"),
        ("catalog_variants", "item_id", "catalog_items"),
        ("object_types", "draft_schema_id", "object_schemas"),
        ("mapped_metrics", "custom_metric_id", "custom_metrics"),
        ("campaign_values_report", "conversion_metric_id", "metrics"),
        ("flow_messages", "flow_id", "flows"),
        ("source_mappings", "object_type_id", "object_types"),
    ],
)
def test_what_columns_refer_to(streams, stream, column, refers_to):
    assert refers_to in [found.stream for found in streams[stream].references if found.column == column]


def test_only_what_a_record_was_read_by_way_of_is_sure_to_be_there(streams):
    inherent = {(name, found.column) for name, table in streams.items() for found in table.references if found.inherent}
    assert {("campaign_messages", "campaign_id"), ("flow_messages", "flow_id"), ("list_tags", "list_id")} <= inherent
    assert inherent.isdisjoint({("events", "profile_id"), ("list_profiles", "profile_id"), ("list_tags", "tag_id")})
