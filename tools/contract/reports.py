"""What the POSTs that only read, reports and metric aggregates, may be asked and what they respond with."""

from __future__ import annotations

import re
from typing import Any

from tools.contract.endpoints import filter_field
from tools.contract.merge import expanded
from tools.contract.overrides import FRACTIONAL_STATISTICS, REPORTS


def kind(path: str) -> str:
    """Return ``campaign_values`` for ``/api/campaign-values-reports``."""
    return path.removeprefix("/api/").removesuffix("-reports").replace("-", "_")


def _request(operation: dict[str, Any], schemas: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the resource type and the attributes' schema of the request body."""
    (content,) = operation["requestBody"]["content"].values()
    data = expanded(expanded(content["schema"], schemas)["properties"]["data"], schemas)["properties"]
    (resource,) = expanded(data["type"], schemas)["enum"]
    return resource, expanded(data["attributes"], schemas)


def _timeframes(timeframe: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    forms = [expanded(form, schemas)["properties"] for form in timeframe.get("oneOf", ())]
    return [key for form in forms if "key" in form for key in form["key"]["enum"]]


def _column_type(statistic: str) -> str:
    return "number" if re.fullmatch(FRACTIONAL_STATISTICS.value, statistic) else "integer"


def report(path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return what ``tap_klaviyo.contract.Report`` holds; keys without a value are left out."""
    resource, request = _request(operation, schemas)
    asked = request["properties"]
    none: dict[str, Any] = {"items": {}}
    statistics = asked.get("statistics") or asked["measurements"]
    group_by = asked.get("group_by") or asked.get("by") or none
    interval, timeframe = asked.get("interval", none), asked.get("timeframe", none)
    timezones = asked.get("timezone", none)
    parameters = {parameter["name"] for parameter in operation["parameters"]}
    facts = {
        "kind": kind(path),
        "path": path,
        "resource": resource,
        "attributes": sorted(asked),
        "required": request["required"],
        "statistics": {name: _column_type(name) for name in statistics["items"]["enum"]},
        "group_by": group_by["items"].get("enum"),
        "default_group_by": group_by.get("x-default"),
        "required_group_by": group_by.get("x-required"),
        "group_by_requires": group_by.get("x-requires"),
        "intervals": interval.get("enum"),
        "interval_days": interval.get("x-maximum-days"),
        "timeframes": _timeframes(timeframe, schemas),
        "timeframe_days": timeframe.get("x-maximum-days"),
        "earliest": timeframe.get("x-earliest"),
        "filters": {name: filter_field(field) for name, field in asked["filter"].get("x-filters", {}).items()},
        "filter_list_maximum": asked["filter"].get("x-list-maximum"),
        "sort": asked.get("sort", none).get("enum"),
        "refused_timezones": timezones.get("x-refused"),
        "page_size": asked.get("page_size", none).get("default"),
        "cursor": "page_cursor" in parameters or "page_cursor" in asked,
    }
    facts.update({name: override.value for (which, name), override in REPORTS.items() if which == facts["kind"]})
    return {name: value for name, value in facts.items() if value}
