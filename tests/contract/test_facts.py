"""The facts of every endpoint, read from Klaviyo's documents a second time: nothing here is the generator's."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo import contract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = resources.files("tap_klaviyo.sandbox") / "documents"
DOCUMENTS = {revision: json.loads((FOLDER / f"{revision}.json").read_text()) for revision in contract.revisions()}
# Where the tap knows more than the document: the overrides of tools/contract say why.
OPERATORS = {("/api/coupon-codes", "coupon.id"), ("/api/coupon-codes", "profile.id")}
LOWER_LIMITS = {"/api/segments/{id}/profiles", "/api/profiles/{id}"}


class Reader:
    """One GET of one document."""

    def __init__(self, revision: str, path: str) -> None:
        self.document = DOCUMENTS[revision]
        self.operation = self.document["paths"][path]["get"]
        self.parameters = {one["name"]: one for one in map(self.follow, self.operation["parameters"])}
        self.content = self.follow(self.operation["responses"]["200"])["content"]["application/vnd.api+json"]["schema"]

    def follow(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            found = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    def parts(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the objects that a schema consists of, alternatives and parts alike."""
        node = self.follow(node)
        inner = [part for key in ("allOf", "oneOf", "anyOf") for part in node.get(key, ())]
        if not inner:
            yield node
        for part in inner:
            yield from self.parts(part)

    def properties(self, node: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for part in self.parts(node):
            for name, one in part.get("properties", {}).items():
                found[name] = {"allOf": [found[name], one]} if name in found else one
        return found

    def type_of(self, identifier: dict[str, dict[str, Any]]) -> set[str]:
        return {name for part in self.parts(identifier["type"]) for name in part["enum"]}

    @property
    def data(self) -> dict[str, Any]:
        return self.follow(self.properties(self.content)["data"])

    @property
    def resource(self) -> dict[str, dict[str, Any]]:
        """The members of the primary data: of an item, where that is a list."""
        return self.properties(self.data.get("items", self.data))

    def choices(self, name: str) -> tuple[str, ...]:
        schema = self.parameters.get(name, {}).get("schema", {})
        return tuple(schema.get("enum") or schema.get("items", {}).get("enum", ()))

    def by_type(self, prefix: str) -> dict[str, tuple[str, ...]]:
        return {
            name.removeprefix(f"{prefix}[").removesuffix("]"): self.choices(name)
            for name in self.parameters
            if name.startswith(f"{prefix}[")
        }


def what_may_be_asked(reader: Reader, endpoint: contract.Endpoint) -> None:
    assert endpoint.page_size == reader.parameters.get("page[size]", {"schema": {}})["schema"].get("maximum")
    assert endpoint.cursor == ("page[cursor]" in reader.parameters)
    assert endpoint.sort == reader.choices("sort")
    assert endpoint.include == reader.choices("include")
    assert endpoint.fields == reader.by_type("fields")
    assert endpoint.additional_fields == reader.by_type("additional-fields")
    assert endpoint.filter_required == bool(reader.parameters.get("filter", {}).get("required"))
    assert endpoint.scopes == tuple(reader.operation["x-klaviyo-scopes"])


def what_a_filter_takes(reader: Reader, endpoint: contract.Endpoint) -> None:
    stated = reader.operation.get("x-klaviyo-filters", {})
    assert endpoint.filters.keys() == stated.keys()
    assert not stated or "filter" in reader.parameters
    for name, field in stated.items():
        operators, found = field["operators"], endpoint.filters[name]
        assert found.list_operators == tuple(operators.get("list", ()))
        assert found.type == field.get("value", {}).get("type", "none")
        if (endpoint.path, name) not in OPERATORS:
            assert {*found.operators} == {*operators.get("single", ()), *operators.get("none", ())}


def how_often_it_may_be_asked(reader: Reader, endpoint: contract.Endpoint) -> None:
    stated = reader.operation["x-klaviyo-ratelimit"]
    limits = endpoint.limits
    written = {"burst": f"{limits.burst}/s", "steady": f"{limits.steady}/m", "daily": f"{limits.daily}/d"}
    assert {name: value for name, value in written.items() if "None" not in value} == stated
    if endpoint.path not in LOWER_LIMITS:
        lower = [(one.parameter, one.value, f"{one.limits.steady}/m") for one in endpoint.conditional_limits]
        when = reader.operation.get("x-ratelimit-when", ())
        assert lower == [(one["parameter"], one["value"], one["steady"]) for one in when]


def what_comes(reader: Reader, endpoint: contract.Endpoint) -> None:
    resource = reader.resource
    assert endpoint.collection == (reader.data.get("type") == "array")
    assert {endpoint.resource} == reader.type_of(resource)
    assert {*endpoint.attributes} == reader.properties(resource.get("attributes", {})).keys()
    stated = reader.properties(resource.get("relationships", {}))
    assert endpoint.relationships.keys() == stated.keys()
    for name, schema in stated.items():
        linkage = reader.properties(schema).get("data")
        found = endpoint.relationships[name]
        assert found.linkage == (linkage is not None)
        if linkage is not None:
            linkage = reader.follow(linkage)
            assert found.many == (linkage.get("type") == "array")
            assert {found.type} == reader.type_of(reader.properties(linkage.get("items", linkage)))


CHECKS = (what_may_be_asked, what_a_filter_takes, how_often_it_may_be_asked, what_comes)


@pytest.mark.parametrize("revision", DOCUMENTS)
@pytest.mark.parametrize("check", CHECKS)
def test_the_facts_are_the_document_s(revision: str, check: Callable[[Reader, contract.Endpoint], None]) -> None:
    gets = [path for path, methods in DOCUMENTS[revision]["paths"].items() if "get" in methods]
    assert gets
    for path in gets:
        try:
            check(Reader(revision, path), contract.revision(revision).endpoint(path))
        except AssertionError as error:
            error.add_note(f"GET {path}")
            raise
