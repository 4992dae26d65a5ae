"""Every example of docs/custom-streams.md, run."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA
from tap_klaviyo.config.validation import problems
from tap_klaviyo.streams.custom.entry import _KNOWN
from tap_klaviyo.streams.custom.schema_short_form import _PLAIN
from tests.streams.custom.conftest import sync

PAGE = (Path(__file__).parents[3] / "docs" / "custom-streams.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCKS = {
    title: re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL) for title, text in SECTIONS.items()
}
EXAMPLES = [
    (title, yaml.safe_load(text)) for title, blocks in BLOCKS.items() for kind, text in blocks if kind == "yaml"
]


def answered(server, title, entries):
    """Let the server answer as the section says; return the records that it promises."""
    found = [text for kind, text in BLOCKS[title] if kind == "json"]
    for entry in entries:
        if "made-up" in entry["path" if "path" in entry else "url"]:
            server.sandbox.answers(entry["path"], found[0].strip().encode() if found else {"data": []})
    return json.loads(found[1]) if found else None


@pytest.mark.parametrize(("title", "settings"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_does_what_the_page_says(server, title, settings):
    settings = copy.deepcopy(settings)
    config = {**server.config, **settings}
    assert list(problems(config, CONFIG_JSONSCHEMA)) == []
    entries = [*settings.get("custom_streams", ()), *settings.get("event_streams", ())]
    if "custom_streams" in settings:
        entries = settings["custom_streams"]
        for entry in entries:
            if "url" in entry:  # the shop stands in for Klaviyo, under a URL of its own
                entry["url"] = entry["url"].replace("https://a.klaviyo.com", server.url)
        wanted = answered(server, title, entries)
    else:
        wanted = None
    run = sync(config)
    assert run.tap.failures == []
    for entry in entries:
        records = run.records(entry["name"])
        if wanted is not None:
            assert records == wanted
        assert records or "made-up" in entry.get("path", "")
        validator = jsonschema.Draft202012Validator(run.schema(entry["name"]))
        assert all(validator.is_valid(record) for record in records)


def test_the_example_of_the_other_connector_in_the_sandbox():
    [settings] = [one for title, one in EXAMPLES if title == "Coming from SeaTunnel"]
    run = sync({"api_url": "sandbox://", **settings})
    records = run.records("seatunnel_lists")
    assert len(records) > 10, "more than its one page"
    for record in records:
        assert list(record) == ["type", "id", "attributes", "links"]
        assert list(record["attributes"]) == ["name", "created", "updated"]
        assert record["links"]["self"].rstrip("/").endswith(f"/api/lists/{record['id']}")


def first_column(title):
    return " ".join(re.findall(r"^\| (.*?) \|", SECTIONS[title], re.MULTILINE))


def test_the_page_names_every_member_and_every_type():
    assert set(re.findall(r"`(\w+)`", first_column("One entry"))) == set(_KNOWN)
    assert set(_PLAIN) <= set(re.findall(r"`(\w+)`", first_column("Schemas")))
