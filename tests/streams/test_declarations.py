"""What holds for every declaration, so that a new stream has its tests before it is written."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import textwrap
from functools import cache

import pytest

from tap_klaviyo import contract, streams
from tap_klaviyo.records.columns import Constant, Id, Linked, RelatedAttribute
from tap_klaviyo.streams import registry
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.tap import TapKlaviyo

LONGEST = 16
MODULES = [
    module
    for found in pkgutil.iter_modules(streams.__path__)
    if hasattr(module := importlib.import_module(f"tap_klaviyo.streams.{found.name}"), "STREAMS")
    and module is not registry
]
# Klaviyo carries these two as linkage alone: there is no endpoint that gives one, and nothing but the id to give.
LINKAGE_ONLY = {"profile-object-type", "profile-object-schema"}
JOBS = re.compile(r"_jobs$")
COSTLY = {
    "campaign_message_tags",
    "campaign_recipient_estimations",
    "campaign_variations",
    "conversations",
    "event_attributions",
    "metric_properties",
    "object_ingestion_logs",
    "object_records",
    "profile_import_errors",
    "segment_profiles",
}


@cache
def tap():
    return TapKlaviyo(config={"api_url": "sandbox://"})


def declared():
    return [pytest.param(kind, id=kind.name) for kind in STREAMS]


def made(kind):
    return tap().streams[kind.name]


def ancestors(kind):
    while kind.parent is not None:
        kind = kind.parent
        yield kind


def test_each_declaration_is_in_exactly_one_list():
    listed = [kind for module in MODULES for kind in module.STREAMS]
    concrete = {
        kind
        for module in MODULES
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, KlaviyoStream) and kind.__module__ == module.__name__ and not kind.__name__.startswith("_")
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == concrete == set(STREAMS)


def test_names_are_unique():
    names = [kind.name for kind in STREAMS]
    assert sorted(names) == sorted(set(names))


def test_every_type_that_klaviyo_gives_is_a_stream():
    """A newer document that brings a new resource fails here until there is a stream for it, whatever its revision."""
    given = {
        facts.schema_name(endpoint.resource)
        for facts in map(contract.revision, contract.revisions())
        for (method, path), endpoint in facts.endpoints().items()
        if method == "GET" and path.startswith("/api/") and "/relationships/" not in path
        if endpoint.resource not in LINKAGE_ONLY
    }
    assert given == {kind.name for kind in STREAMS if kind.primary_keys == ("id",)}


def test_no_schema_is_an_orphan():
    """A schema is a stream's own, or that of a resource that some endpoint includes."""
    streams = [made(kind).spec for kind in STREAMS]
    for facts in map(contract.revision, contract.revisions()):
        used = {facts.schema_name(spec.record_type) for spec in streams if spec.record_type in facts.types()}
        included = {
            facts.schema_name(endpoint.relationships[name].type, endpoint)
            for endpoint in facts.endpoints().values()
            for name in endpoint.include
        }
        files = {path.stem for path in facts.folder.glob("schemas/*.json")}
        assert files - used - included == set()


@pytest.mark.parametrize("kind", declared())
def test_keys_are_columns_that_are_never_null(kind):
    properties = made(kind).schema["properties"]
    assert list(properties)[: len(kind.primary_keys)] == list(kind.primary_keys)
    assert {name: properties[name]["type"] for name in kind.primary_keys} == dict.fromkeys(
        kind.primary_keys, "string"
    ) | {name: ["string"] for name in kind.primary_keys if isinstance(properties[name]["type"], list)}


@pytest.mark.parametrize("kind", declared())
def test_everything_but_a_key_may_be_null(kind):
    properties = made(kind).schema["properties"]
    rest = [name for name in properties if name not in kind.primary_keys]
    assert [name for name in rest if "null" not in properties[name]["type"]] == []


@pytest.mark.parametrize("kind", declared())
def test_a_replication_key_is_a_date_time_that_the_endpoint_filters_or_sorts_by(kind):
    if kind.replication_key is None:
        assert not any([kind.is_sorted, kind.windowed, kind.bounded, kind.newest_first])
        return
    endpoint = made(kind).endpoint
    assert made(kind).schema["properties"][kind.replication_key]["format"] == "date-time"
    cursor = kind.cursor or kind.replication_key
    assert cursor in endpoint.filters or (kind.newest_first and f"-{cursor}" in endpoint.sort)
    if kind.is_sorted:
        assert cursor in endpoint.sort
        assert len(kind.variants) == 1
        assert kind.parent is None
    if kind.windowed:
        operators = set(endpoint.filters[cursor].operators)
        assert operators & {"greater-than", "greater-or-equal"}
        assert operators & {"less-than", "less-or-equal"}


@pytest.mark.parametrize("kind", declared())
def test_the_path_is_in_the_contract(kind):
    endpoint = made(kind).endpoint
    assert ("{id}" in kind.path) is (kind.parent is not None)
    assert kind.parent is not None or kind.parent_column is None
    if kind.via is not None:
        assert kind.via in endpoint.include
        assert endpoint.relationships[kind.via].type == kind.via_type
    if kind.fallback is not None:
        assert contract.newest().endpoint(kind.fallback.path).resource == kind.via_type


@pytest.mark.parametrize("kind", declared())
def test_every_column_can_be_filled(kind):
    """A column comes from an attribute of the answer, the request, or a linkage that an include loads."""
    endpoint = made(kind).endpoint
    for column in made(kind).columns:
        match column.source:
            case Linked(relationship=name, include=True) | RelatedAttribute(relationship=name):
                assert name in endpoint.include
            case Linked(relationship=name):
                own = made(kind).spec.columns.contract.relationships(kind.via_type) if kind.via else {}
                assert name in kind.linked or name in own
            case Constant() if kind.inherited_columns and column.name in kind.inherited_columns:
                assert column.name in {parent.parent_column or parent.via_column for parent in ancestors(kind)}
            case Id():
                assert column.name in kind.primary_keys


@pytest.mark.parametrize("kind", declared())
def test_the_docstring_says_what_a_record_is_and_what_it_costs(kind):
    text = inspect.cleandoc(kind.__doc__)
    first, *rest = text.split("\n\n")
    assert re.fullmatch(r"[^\n]{20,118}\.", first)
    assert "request" in first
    assert kind.__name__ not in text
    assert all(part.endswith(".") for part in rest)


@pytest.mark.parametrize("kind", declared())
def test_a_declaration_is_short_and_holds_no_method(kind):
    (declaration,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(declaration, ast.ClassDef)
    docstring, *statements = declaration.body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(statement, ast.Assign) for statement in statements)
    assert 2 <= len(statements) <= LONGEST


@pytest.mark.parametrize("kind", declared())
def test_what_is_off_by_default(kind):
    assert kind.selected_by_default is not bool(JOBS.search(kind.name) or kind.name in COSTLY)


@pytest.mark.parametrize("kind", declared())
def test_the_numbers_of_the_docstring_are_the_contract_s(kind):
    """Page sizes and limits are facts; where one changes, so must the sentence."""
    endpoints = [made(kind).endpoint, *(contract.newest().endpoint(parent.path) for parent in ancestors(kind))]
    sizes = {size for endpoint in endpoints for size in (endpoint.page_size, endpoint.fixed_page_size) if size}
    limits = {endpoint.limits.steady for endpoint in endpoints}
    limits |= {one.limits.steady for endpoint in endpoints for one in endpoint.conditional_limits}
    if kind.linked_from is not None:
        linked = next(other for other in STREAMS if other.name == kind.linked_from.stream)
        sizes.add(contract.newest().endpoint(linked.path).page_size)
    text = str(kind.__doc__).replace(",", "")
    assert {int(number) for number in re.findall(r"per (\d+)", text)} <= sizes
    assert {int(number) for number in re.findall(r"(\d+) per minute", text)} <= limits
