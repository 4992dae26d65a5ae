"""What docs/tables.md and docs/diagram.md say of each stream is what a sync of it does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.streams.resource import KlaviyoStream
from tests.streams.syncing import TODAY, sync
from tools.docs.contents import facts
from tools.docs.pages import ROOT
from tools.docs.scopes import streams

FACTS = {name: facts(stream) for name, stream in streams().items()}
# Of streams of which the same is said, one is read.
RESOURCES = sorted(
    {
        re.sub(r"`\w+`|changed \w+", "", FACTS[name]["Arrives"] + FACTS[name]["Gone"]): name
        for name, stream in streams().items()
        if isinstance(stream, KlaviyoStream)
    }.values()
)
ONE_BY_ONE = {"max_workers": 1}
WORDS = ("Arrives", "Gone", "Costs", "Scopes", "Personal")
EVERY_RUN = "with each run: everything"
DAILY = "within 24 hours: everything"


@pytest.fixture(scope="module")
def sections():
    """The page's lines by stream."""
    page = (ROOT / "docs" / "tables.md").read_text().partition("<!-- contents begin -->")[2]
    found = re.split(r"^### (\w+)$", page, flags=re.MULTILINE)
    return dict(zip(found[1::2], (text.splitlines() for text in found[2::2]), strict=True))


def test_every_stream_has_a_section_that_says_everything(sections):
    assert [*sections] == [*streams()]
    for lines in sections.values():
        facts_of = (re.match(r"- \*\*(\w+):\*\* (.+)\.$", line) for line in lines)
        said = {found[1]: found[2] for found in facts_of if found}
        assert tuple(said) == WORDS
        assert all(said.values())


def test_every_column_of_the_catalog_is_there_in_its_order(sections):
    for name, stream in streams().items():
        rows = [line.strip("| ").split(" | ") for line in sections[name] if line.startswith("| `")]
        assert [row[0].strip("`") for row in rows] == [*stream.schema["properties"]], name
        for (column, kind, *_), schema in zip(rows, stream.schema["properties"].values(), strict=True):
            assert ("date-time" in kind) == (schema.get("format") == "date-time"), column
            assert ("list" in kind) == ("array" in schema["type"]), column
            assert ("object" in kind) == ("object" in str(schema.get("items", schema)["type"])), column


def test_the_diagram_says_the_same_of_each_stream(sections):
    lines = (ROOT / "docs" / "diagram.md").read_text().splitlines()
    for name in sections:
        (at,) = (index for index, line in enumerate(lines) if line.startswith(f"- [`{name}`](tables.md#{name}): "))
        assert lines[at + 1] == f"    - {' '.join(f'{word}: {fact}.' for word, fact in FACTS[name].items())}"


@pytest.mark.parametrize(
    ("stream", "word", "said"),
    [
        ("events", "Arrives", "with the next run: what is new by `datetime`; with each run until its date: what is"),
        ("list_profiles", "Arrives", "within 24 hours: what shows up to 7 days late, and the rest"),
        ("templates", "Arrives", "within 24 hours: what has no `updated`"),
        ("campaigns", "Gone", "archived rows stay, with `archived` true"),
        ("object_ingestion_logs", "Gone", "never dropped; Klaviyo itself keeps 14 days"),
        ("profiles", "Gone", "unless `start_date` or `end_date` bounds the stream"),
        ("flow_messages", "Costs", "One request per action, 60 per minute; at most 3 per second, 60 per minute"),
        ("events", "Personal", "free-form: `event_properties`; ids of profiles: `profile_id`"),
        ("tags", "Personal", "none"),
    ],
)
def test_a_section_says_what_a_user_has_to_know(stream, word, said):
    assert said in FACTS[stream][word]


@pytest.fixture(scope="module")
def shop():
    return Shop(events=30, profiles=10)


@pytest.fixture(scope="module")
def runs(shop):
    """A first run, one an hour later, and one a day after the first."""

    def run(after, state=None):
        now = TODAY + timedelta(hours=after)
        return sync(Sandbox(shop, now=lambda: now), *RESOURCES, config=ONE_BY_ONE, state=state, now=now)

    first = run(0)
    later = run(1, first.state)
    return first, later, run(24, later.state)


@pytest.mark.parametrize("stream", RESOURCES)
def test_what_arrives_with_each_run_or_once_a_day_does(runs, stream):
    first, later, next_day = ({*run.keys(stream)} for run in runs)
    said = FACTS[stream]["Arrives"]
    assert (later == first) or said != EVERY_RUN
    if said == DAILY:
        assert not later
    if said in {EVERY_RUN, DAILY} or said.endswith("the rest"):
        assert next_day >= first - later or "late" in said


def full_table(entry):
    entry["replication_method"] = "FULL_TABLE"


@pytest.fixture(scope="module")
def dropping(shop):
    """The streams of which a run says that all older rows are gone: as it is set, and when chosen as FULL_TABLE."""

    def activated(config=None, change=None):
        config = {**ONE_BY_ONE, **(config or {})}
        run = sync(Sandbox(shop, now=lambda: TODAY), *RESOURCES, config=config, change=change)
        return {message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"}

    return (
        activated({"emit_activate_version_messages": True}),
        activated(change=full_table),
        activated({"start_date": "2020-01-01"}, full_table),
    )


@pytest.mark.parametrize("stream", RESOURCES)
def test_what_is_said_to_be_dropped_is_and_the_rest_is_not(dropping, stream):
    by_setting, by_choice, bounded = dropping
    said = FACTS[stream]["Gone"]
    assert (stream in by_setting) == ("if `emit_activate_version_messages` is set" in said)
    assert (stream in by_choice) == ("by a full read" in said)
    assert (stream in bounded) == ("by a full read" in said and "bounds the stream" not in said)
