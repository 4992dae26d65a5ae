"""One operation of the document as the facts of one endpoint."""

from __future__ import annotations

import re
from typing import Any

from tools.contract.answers import answer
from tools.contract.errors import placing
from tools.contract.overrides import LIMIT_VALUES, LIMITS, OPERATORS

_PERIODS = {"burst": "s", "steady": "m", "daily": "d"}
_SPARSE = re.compile(r"(?P<kind>fields|additional-fields)\[(?P<type>[^]]+)]")


def limits(stated: dict[str, str]) -> dict[str, int]:
    """Return ``{"burst": "10/s", "steady": "150/m"}`` as numbers a second, a minute and a day."""
    return {name: int(stated[name].removesuffix(f"/{period}")) for name, period in _PERIODS.items() if name in stated}


def _conditional_limits(path: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    forgotten = LIMITS[path].value if path in LIMITS else []
    for stated in [*operation.get("x-ratelimit-when", ()), *forgotten]:
        override = LIMIT_VALUES.get((path, stated["parameter"], stated["value"]))
        value = override.value if override else stated["value"]
        found.append({"parameter": stated["parameter"], "value": value, "limits": limits(stated)})
    return found


def filter_field(stated: dict[str, Any]) -> dict[str, Any]:
    """Return the operators and the value type of one filterable field."""
    operators = stated["operators"]
    value = stated.get("value", {"type": "none"})
    return {
        "operators": [*operators.get("single", ()), *operators.get("none", ())],
        "list_operators": operators.get("list", []),
        **{key: value[key] for key in ("type", "format", "enum") if key in value},
    }


def _filters(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    fields = {name: filter_field(field) for name, field in operation.get("x-klaviyo-filters", {}).items()}
    for name, field in fields.items():
        if override := OPERATORS.get((path, name)):
            field["operators"] = override.value
    return fields


def _sparse(place: str, parameters: dict[str, Any], kind: str) -> dict[str, list[str]]:
    found = {}
    for name, parameter in parameters.items():
        match = _SPARSE.fullmatch(name)
        if match and match["kind"] == kind:
            with placing(f"{place}: {name}"):
                found[match["type"]] = parameter["schema"]["items"]["enum"]
    return found


def endpoint(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return what ``tap_klaviyo.contract.Endpoint`` holds; keys without a value are left out."""
    place = f"{method.upper()} {path}"
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    response = answer(operation, schemas)
    page_size = parameters.get("page[size]", {"schema": {}})["schema"]
    facts = {
        "method": method.upper(),
        "path": path,
        "resource": response.data.type,
        "collection": response.collection,
        "scopes": operation["x-klaviyo-scopes"],
        "limits": limits(operation["x-klaviyo-ratelimit"]),
        "conditional_limits": _conditional_limits(path, operation),
        "page_size": page_size.get("maximum"),
        "fixed_page_size": operation.get("x-page-size"),
        "cursor": "page[cursor]" in parameters or "page_cursor" in parameters,
        "filters": _filters(path, operation),
        "filter_required": parameters.get("filter", {}).get("required", False),
        "filter_requires": operation.get("x-filter-requires"),
        "sort": parameters.get("sort", {"schema": {}})["schema"].get("enum"),
        "include": parameters.get("include", {"schema": {"items": {}}})["schema"]["items"].get("enum"),
        "fields": _sparse(place, parameters, "fields"),
        "additional_fields": _sparse(place, parameters, "additional-fields"),
        "newest_first": operation.get("x-order") == "newest-first",
        "retention_days": operation.get("x-retention-days"),
        "attributes": sorted(response.data.attributes.get("properties", ())),
        "relationships": response.data.relationships,
    }
    return {name: value for name, value in facts.items() if value or name == "collection"}
