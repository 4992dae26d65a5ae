"""The difference that a person reads: every changed fact once, by endpoint, stream and column."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from tools.contract import __main__ as command
from tools.contract.explain import explained
from tools.contract.files import generated
from tools.contract.prune import prune

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REVISION, KEPT = max(command.kept(command.PACKAGE).items())
SMALL = prune({**KEPT, "paths": {path: KEPT["paths"][path] for path in ("/api/profiles", "/api/templates")}})
OLD = generated(SMALL)


def explain(document: dict[str, Any], streams: set[str]) -> str:
    return explained(OLD, REVISION, generated(document), REVISION, streams)


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(SMALL)


def parameter(document: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    (found,) = [found for found in document["paths"][path]["get"]["parameters"] if found["name"] == name]
    schema: dict[str, Any] = found["schema"]
    return schema


def attributes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield the properties of everything that has a locale, which only profiles have."""
    if isinstance(node, dict):
        if "locale" in node.get("properties", ()):
            yield node["properties"]
        for child in node.values():
            yield from attributes(child)


def test_nothing_differs(document: dict[str, Any]) -> None:
    everything = {facts["schema"] for facts in OLD[f"contract/{REVISION}/types.json"]["types"].values()}
    assert explain(document, everything).endswith("No fact differs.\n")


def test_facts_of_an_endpoint(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/profiles"]["get"]
    operation["x-klaviyo-ratelimit"]["burst"] = "7/s"
    operation["x-klaviyo-scopes"].append("extra:read")
    operation["x-klaviyo-filters"]["email"]["operators"]["single"] = ["equals", "contains"]
    parameter(document, "/api/profiles", "page[size]")["maximum"] = 55
    parameter(document, "/api/profiles", "sort")["enum"].append("age")
    told = explain(document, set()).splitlines()
    start = told.index("### `GET /api/profiles`")
    section = told[start : told.index("## Resource types")]
    for line in (
        "- changed `limits.burst`: 75 to 7",
        "- changed `scopes`: added extra:read",
        "- changed `page_size`: 100 to 55",
        "- changed `sort`: added age",
    ):
        assert line in section
    assert any(line.startswith("- changed `filters.email.operators`: added contains") for line in section)
    assert "### `GET /api/templates`" not in told


def test_columns_of_a_stream(document: dict[str, Any]) -> None:
    for node in attributes(document["components"]["schemas"]):
        node["age"] = {"type": "integer"}
        node["locale"] = {"type": "boolean"}
    told = explain(document, set()).splitlines()
    section = told[told.index("### `profiles`") : told.index("## Endpoints")]
    assert "- added `age`: integer" in section
    assert "- changed `locale`: string to boolean" in section


def test_what_is_new_what_is_gone_and_what_has_no_stream(document: dict[str, Any]) -> None:
    del document["paths"]["/api/templates"]
    shorter = generated(document)
    gone = explained(OLD, REVISION, shorter, REVISION, {"profiles"})
    assert "### `templates` (gone)" in gone
    assert "### `GET /api/templates` (gone)" in gone
    assert "without a stream" not in gone
    new = explained(shorter, REVISION, OLD, REVISION, {"profiles"})
    assert "### `GET /api/templates` (new)" in new
    assert "- added `html`: string" in new
    assert new.endswith("## Types without a stream\n\n- `template`\n")


def test_the_command_compares_with_the_newest_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    package, source = tmp_path / "package", tmp_path / "next.json"
    monkeypatch.setattr(command, "PACKAGE", package)
    source.write_text(json.dumps(document))
    command.main([str(source)])
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    capsys.readouterr()
    document["info"]["version"] = "2030-01-15"
    source.write_text(json.dumps(document))
    command.main(["--explain", str(source)])
    assert capsys.readouterr().out == f"# Revision 2030-01-15 against {REVISION}\n\nNo fact differs.\n"
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before
