"""A document that the generator cannot place stops it with one line, before anything is written."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_klaviyo.contract.facts import EndpointsFile, ReportsFile, TypesFile
from tools.contract import __main__ as command
from tools.contract.errors import DocumentError, placing
from tools.contract.files import generated
from tools.contract.prune import prune

if TYPE_CHECKING:
    from pathlib import Path

NEWEST = max(command.kept(command.PACKAGE).items())[1]
# Two collections, one resource with includes and one report: every shape there is, and small enough to try often.
PATHS = ("/api/events", "/api/translations", "/api/profiles/{id}", "/api/flow-series-reports")
SMALL = prune({**NEWEST, "paths": {path: NEWEST["paths"][path] for path in PATHS}})
FILES = {"types.json": TypesFile, "endpoints.json": EndpointsFile, "reports.json": ReportsFile}


def written(package: Path) -> dict[Path, str]:
    return {path: path.read_text() for path in package.rglob("*") if path.is_file()}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "package"
    monkeypatch.setattr(command, "PACKAGE", found)
    good = tmp_path / "good.json"
    good.write_text(json.dumps(SMALL))
    command.main([str(good)])
    return found


def refused(package: Path, source: str, body: str) -> str:
    """Return the line that the command ends with; nothing may have been written."""
    path = package.parent / source
    path.write_text(body)
    before = written(package)
    with pytest.raises(SystemExit) as error:
        command.main([str(path)])
    assert written(package) == before
    line = str(error.value)
    assert "\n" not in line
    assert line.endswith("; nothing was written")
    return line


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("", "is not JSON"),
        (json.dumps(SMALL)[:1000], "is not JSON"),
        ("<html></html>", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "has another form than expected"),
        ("{}", "'info' is missing"),
        (json.dumps({"info": {"version": "1"}}), "info.version: '1' is not a revision like 2026-10-15"),
        (json.dumps({"info": {"version": "../../x"}}), "info.version: '../../x' is not a revision"),
        (json.dumps({"info": {"version": "2030-01-15"}, "paths": {}}), "no operation under /api"),
    ],
)
def test_what_is_no_document_is_refused(package: Path, body: str, line: str) -> None:
    assert line in refused(package, "bad.json", body)


def test_a_file_that_is_not_there_is_named(package: Path) -> None:
    with pytest.raises(SystemExit, match=r"absent\.json: No such file or directory; nothing was written"):
        command.main([str(package / "absent.json")])


@pytest.mark.parametrize(
    ("trail", "line"),
    [
        (("responses",), "GET /api/events: 'responses' is missing"),
        (("responses", "200", "content", "application/vnd.api+json", "schema"), "GET /api/events: 'schema' is missing"),
        (("x-klaviyo-ratelimit",), "GET /api/events: 'x-klaviyo-ratelimit' is missing"),
        (("x-klaviyo-scopes",), "GET /api/events: 'x-klaviyo-scopes' is missing"),
    ],
)
def test_the_path_and_the_fact_are_named(package: Path, trail: tuple[str, ...], line: str) -> None:
    document = copy.deepcopy(SMALL)
    node = document["paths"]["/api/events"]["get"]
    for key in trail[:-1]:
        node = node[key]
    del node[trail[-1]]
    assert line in refused(package, "bad.json", json.dumps(document))


def test_a_parameter_without_its_values_is_named(package: Path) -> None:
    document = copy.deepcopy(SMALL)
    for parameter in document["paths"]["/api/events"]["get"]["parameters"]:
        if parameter["name"] == "fields[metric]":
            del parameter["schema"]["items"]["enum"]
    assert "GET /api/events: fields[metric]: 'enum' is missing" in refused(package, "bad.json", json.dumps(document))


def test_parameters_of_a_path_and_parameters_by_reference_count(package: Path) -> None:
    document = copy.deepcopy(SMALL)
    events = document["paths"]["/api/events"]
    own = events["get"]["parameters"]
    shared = [one for one in own if one["name"] in {"sort", "page[size]", "page[cursor]"}]
    document["components"]["parameters"] = {one["name"]: one for one in shared[:1]}
    reference = {"$ref": f"#/components/parameters/{shared[0]['name']}"}
    # What the operation says itself counts before what its path says of the same parameter.
    lower = {"name": "page[size]", "in": "query", "schema": {"type": "integer", "default": 1, "maximum": 1}}
    events["parameters"] = [reference, *shared[1:], lower]
    events["get"]["parameters"] = [one for one in own if one not in shared or one["name"] == "page[size]"]

    def facts(given: dict[str, Any]) -> Any:
        (found,) = [content for name, content in generated(prune(given)).items() if name.endswith("/endpoints.json")]
        return found

    assert facts(document) == facts(SMALL)
    events["parameters"] = [{"$ref": "#/components/parameters/absent"}]
    assert "GET /api/events: 'absent' is missing" in refused(package, "bad.json", json.dumps(document))


def test_a_second_document_that_is_bad_keeps_the_first_from_being_written(package: Path) -> None:
    other = {**SMALL, "info": {"version": "2030-01-15"}}
    good, bad = package.parent / "good.json", package.parent / "bad.json"
    good.write_text(json.dumps(other))
    bad.write_text("{}")
    before = written(package)
    with pytest.raises(SystemExit, match="'info' is missing"):
        command.main([str(good), str(bad)])
    assert written(package) == before


def places(node: Any, trail: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, child in children for place in [(*trail, key), *places(child, (*trail, key))]]


PLACES = places(SMALL)
GONE = object()
VALUES = st.sampled_from([GONE, None, True, 7, "text", [], {}, ["a", {}], {"$ref": "#/components/schemas/Nothing"}])


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=100)
@given(st.sampled_from(PLACES), VALUES)
def test_any_broken_node_is_one_line_or_files_that_the_tap_reads(trail: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(SMALL)
    node = document
    for key in trail[:-1]:
        node = node[key]
    if value is GONE:
        del node[trail[-1]]
    else:
        node[trail[-1]] = value
    files: dict[str, Any] = {}
    told = ""
    try:
        with placing("document"):
            files = generated(prune(document))
    except DocumentError as error:
        told = str(error)
    assert files or re.fullmatch(r".+: .+", told)
    for name, content in files.items():
        if "/schemas/" in name:
            jsonschema.Draft202012Validator.check_schema(content)
        kind = FILES.get(name.rpartition("/")[2])
        if kind is not None:
            msgspec.convert(content, kind)


def test_the_small_document_is_whole() -> None:
    files = generated(SMALL)
    (name,) = [name for name in files if name.endswith("/endpoints.json")]
    assert {endpoint["path"] for endpoint in files[name]["endpoints"]} == {*PATHS}
