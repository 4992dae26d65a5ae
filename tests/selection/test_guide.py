"""The examples of docs/selection.md: both forms of each send the requests that it shows, and give the same records."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tap_klaviyo.sandbox import Sandbox
from tests.selection.syncing import Synced, discovered, sync

GUIDE = (Path(__file__).parents[2] / "docs" / "selection.md").read_text()
READING = {"filter", "sort", "page[size]", "page[cursor]"}


class Example(NamedTuple):
    title: str
    meltano: dict[str, Any]
    singer: dict[str, Any]
    requests: set[str]


def examples() -> list[Example]:
    found = []
    for section in GUIDE.partition("\n## Examples\n")[2].split("\n### ")[1:]:
        blocks = dict(re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL))
        requests = {line.removeprefix("GET ") for line in blocks["http"].splitlines()}
        found.append(
            Example(section.partition("\n")[0], yaml.safe_load(blocks["yaml"]), json.loads(blocks["json"]), requests)
        )
    return found


def sent(synced: Synced) -> set[str]:
    """The distinct requests, without how they are read."""
    found = set()
    for path, params in synced.requests:
        query = "&".join(f"{name}={value}" for name, value in sorted(params.items()) if name not in READING)
        found.add(f"{path}?{query}" if query else path)
    return found


def test_all_examples_are_there():
    assert len(examples()) == 3


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.title)
def test_both_forms_of_an_example(example, meltano_select, shop):
    config = example.meltano.get("config", {})
    assert config == example.singer["config"]
    catalog = meltano_select(discovered(**config), *example.meltano["select"])
    by_meltano = sync(Sandbox(shop), catalog, **config)
    assert sent(by_meltano) == example.requests
    by_catalog = sync(Sandbox(shop), example.singer["catalog"], **config)
    assert sent(by_catalog) == example.requests
    assert by_catalog.records == by_meltano.records
    assert by_catalog.schemas == by_meltano.schemas
    (records,) = by_meltano.records.values()
    assert records


def test_the_selected_columns_of_the_examples(shop):
    variants, events, lists = (
        sync(Sandbox(shop), example.singer["catalog"], **example.singer["config"]) for example in examples()
    )
    assert variants.records["catalog_variants"][0].keys() == {"id", "external_id", "title"}
    profiles = [record["profile"] for record in events.records["events"] if record["profile"]]
    assert profiles
    assert all(profile.keys() == {"email"} for profile in profiles)
    assert all(isinstance(record["profile_count"], int) for record in lists.records["lists"])
