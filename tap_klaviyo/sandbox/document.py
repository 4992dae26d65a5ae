"""The OpenAPI document of one revision that the sandbox answers from: its operations and their routes.

Everything that a request may say (parameters, enums, page maxima, filter operators) and everything that an
answer may hold (resource type, attributes, relationships) is looked up here, so that the sandbox knows Klaviyo
only through Klaviyo's own document.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any
from urllib.parse import unquote

from tap_klaviyo.sandbox.operation import Operation, Shape

_BY_ID = 4  # "", "api", plural, "{id}"


class Document:
    """The document, with its references resolved as they are met."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._schemas: dict[str, Any] = document["components"]["schemas"]
        self._paths: dict[str, Any] = document["paths"]
        self.revision: str = document["info"]["version"]
        self._routes: dict[tuple[int, str], list[tuple[str, list[str]]]] = {}
        for path in self._paths:
            parts = path.split("/")
            self._routes.setdefault((len(parts), parts[2]), []).append((path, parts))
        self._compiled: dict[tuple[str, str], Operation] = {}
        self.plurals = self._plural_names()
        self.singulars = {plural: name for name, plural in self.plurals.items()}

    def operations(self, method: str = "get") -> list[Operation]:
        """Return every operation of one method."""
        return [self.operation(method, path) for path, methods in self._paths.items() if method in methods]

    def types(self) -> list[str]:
        """Return every resource type that a GET answers with or includes, sorted."""
        shapes = [shape for one in self.operations() for shape in (one.shape, *one.included.values())]
        return sorted({shape.type for shape in shapes})

    def route(self, path: str) -> tuple[str, dict[str, str]] | None:
        """Return the path template that ``path`` meets and the values of its placeholders."""
        # both spellings of a path work
        parts = path.removesuffix("/").split("/")
        for template, expected in self._routes.get((len(parts), "".join(parts[2:3])), ()):
            if all(want == got or (want.startswith("{") and got) for want, got in zip(expected, parts, strict=True)):
                values = {
                    want.strip("{}"): unquote(got)
                    for want, got in zip(expected, parts, strict=True)
                    if want.startswith("{")
                }
                return template, values
        return None

    def methods(self, path: str) -> list[str]:
        """Return the methods of a path template, in upper case."""
        return [method.upper() for method in self._paths[path]]

    def operation(self, method: str, path: str) -> Operation:
        """Return one operation of a path template."""
        key = (method.lower(), path)
        if key not in self._compiled:
            self._compiled[key] = self._compile(*key)
        return self._compiled[key]

    def response_schema(self, method: str, path: str) -> dict[str, Any]:
        """Return the schema of an operation's answer, unresolved."""
        responses = self._paths[path][method.lower()]["responses"]
        content: dict[str, Any] = next(iter(responses.values()))["content"]
        schema: dict[str, Any] = next(iter(content.values()))["schema"]
        return schema

    def request_schema(self, method: str, path: str) -> dict[str, Any]:
        """Return the schema of an operation's request body, unresolved."""
        content: dict[str, Any] = self._paths[path][method.lower()]["requestBody"]["content"]
        schema: dict[str, Any] = next(iter(content.values()))["schema"]
        return schema

    def _plural_names(self) -> dict[str, str]:
        """Return the path segment of each resource type that can be read by id."""
        found = {}
        for path in self._paths:
            parts = path.split("/")
            if len(parts) == _BY_ID and parts[-1].startswith("{"):
                answer = self.properties(self.response_schema("get", path))
                found[self.type_of(self.properties(answer["data"])["type"])] = parts[2]
        return found

    def _compile(self, method: str, path: str) -> Operation:
        raw = self._paths[path][method]
        parameters = {
            parameter["name"]: parameter["schema"]
            for parameter in raw.get("parameters", ())
            if parameter["in"] == "query"
        }
        size = parameters.get("page[size]")
        fixed = raw.get("x-page-size")
        limits = {name: int(value.split("/")[0]) for name, value in raw["x-klaviyo-ratelimit"].items()}
        answer = self.properties(self.response_schema(method, path))
        data = self.resolve(answer["data"])
        collection = data.get("type") == "array"
        included = [self._shape(one) for one in self._alternatives(answer.get("included"))]
        return Operation(
            method=method.upper(),
            path=path,
            parameters=parameters,
            filters=raw.get("x-klaviyo-filters", {}),
            filter_requires=tuple(raw.get("x-filter-requires", ())),
            page_size=size["maximum"] if size else None,
            page_default=size["default"] if size else fixed,
            burst=limits["burst"],
            steady=limits["steady"],
            daily=limits.get("daily"),
            conditional_limits=tuple(
                (when["parameter"], when["value"], int(when["burst"].split("/")[0]), int(when["steady"].split("/")[0]))
                for when in raw.get("x-ratelimit-when", ())
            ),
            scopes=tuple(raw.get("x-klaviyo-scopes", ())),
            newest_first=raw.get("x-order") == "newest-first",
            collection=collection,
            nullable=bool(answer["data"].get("nullable") or data.get("nullable")),
            shape=self._shape(data["items"] if collection else data),
            included={shape.type: shape for shape in included},
        )

    def _alternatives(self, schema: dict[str, Any] | None) -> list[dict[str, Any]]:
        if schema is None:
            return []
        items = self.resolve(schema)["items"]
        alternatives: list[dict[str, Any]] = self.resolve(items).get("oneOf") or [items]
        return alternatives

    def _shape(self, schema: dict[str, Any]) -> Shape:
        properties = self.properties(schema)
        attributes = None
        if "attributes" in properties:
            attributes = frozenset(self.properties(properties["attributes"]))
        relationships = {}
        for name, relationship in self.properties(properties.get("relationships", {})).items():
            data = self.resolve(self.properties(relationship).get("data", {}))
            many = data.get("type") == "array"
            target = self.properties(data["items"] if many else data).get("type")
            relationships[name] = (self.type_of(target) if target else "", many)
        return Shape(self.type_of(properties["type"]), attributes, relationships)

    def scopes_of(self, resource_type: str) -> set[str]:
        """Return the scopes that reading one resource of a type takes."""
        plural = self.plurals.get(resource_type)
        path = next((path for path in self._paths if plural and path.startswith(f"/api/{plural}/{{")), None)
        return set(self.operation("get", path).scopes) if path else set()

    def resolve(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow ``$ref`` until a schema of its own is met."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema

    def properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the properties of a schema, those of its ``allOf`` merged deeply."""
        schema = self.resolve(schema)
        merged: dict[str, Any] = {}
        for found in (*map(self.properties, schema.get("allOf", ())), schema.get("properties", {})):
            for name, value in found.items():
                merged[name] = {"allOf": [merged[name], value]} if name in merged else value
        return merged

    def type_of(self, schema: dict[str, Any]) -> str:
        """Return the one resource type that a ``type`` schema allows."""
        schema = self.resolve(schema)
        if "enum" in schema:
            name: str = schema["enum"][0]
            return name
        return self.type_of(schema["allOf"][0])


@functools.cache
def load(revision: str) -> Document:
    """Return the document of a revision; FileNotFoundError where none ships with the package."""
    path = resources.files(__package__).joinpath("documents").joinpath(f"{revision}.json")
    return Document(json.loads(path.read_text(encoding="utf-8")))
