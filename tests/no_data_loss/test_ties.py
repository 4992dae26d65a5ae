"""Random shops with many ties: the table equals the truth after a first sync, and after changes and a second one."""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Fault
from tests.behaviours import BOTH, behaving
from tests.fuzz.scale import examples
from tests.no_data_loss.rig import NOON, Rig, text

if TYPE_CHECKING:
    from datetime import datetime

# The stream, its resource type and its replication key, one of each way to read and to filter.
WINDOWED = [("events", "event", "datetime"), ("profiles", "profile", "updated"), ("templates", "template", "updated")]
CHAINED = [
    ("lists", "list", "updated"),
    ("segments", "segment", "updated"),
    ("flows", "flow", "updated"),
    ("forms", "form", "updated_at"),
    ("images", "image", "updated_at"),
    ("web_feeds", "web-feed", "updated"),
    ("reviews", "review", "updated"),
    ("universal_content", "template-universal-content", "updated"),
]
# Their recorded cursors hold a date alone: of a tie that fills a page, as the tiny pages here do, Klaviyo itself loses
# or repeats rows. Ties over the edge of a page that holds more than one date have a test of their own.
EDGES_BY_DATE = {"form", "web-feed"}
WORKERS = st.sampled_from([1, 24])

# Distances from one row to the next: mostly none, so that ties run over pages and over the edges of windows.
GAPS = st.sampled_from(
    [0, 0, 0, 0, 0, 1e-6, 0.25, 0.999999, 1, 1, 1.5, 2, 59, 3600, 86_399.999999, 86_400, 7 * 86_400, 90 * 86_400]
)
SPELLINGS = (
    lambda moment: moment.isoformat(),
    lambda moment: moment.isoformat().replace("T", " "),
    lambda moment: moment.isoformat().replace("+00:00", "Z"),
    lambda moment: moment.astimezone(timezone(timedelta(hours=-4))).isoformat(),
)


FRACTION = re.compile(r"T\d\d:\d\d:\d\d\.")  # Klaviyo's filters know whole seconds


def instants(gaps: list[float], end: datetime) -> list[datetime]:
    """Lay rows out from the last one back."""
    moments = [end]
    for gap in gaps:
        moments.append(moments[-1] - timedelta(seconds=gap))
    return moments


def fill(rig: Rig, kind: str, key: str, moments: list[datetime], prefix: str = "a") -> None:
    for number, moment in enumerate(moments):
        written = SPELLINGS[(len(moments) + number) % len(SPELLINGS)](moment)
        more: dict[str, Any] = {"archived": number % 3 == 0} if kind == "flow" else {}
        if kind == "image":
            more = {"hidden": number % 3 == 0}
        if kind == "review":
            more = {"created": text(moment - timedelta(days=1)), "status": {"value": "published"}}
        rig.put(kind, f"{prefix}{number:03}", name=f"{prefix}{number}", **{key: written}, **more)


def check(rig: Rig, stream: str, kind: str, key: str) -> None:
    assert rig.sandbox.refused == 0
    assert not [one.query for one in rig.sandbox.requests if FRACTION.search(unquote(one.query))]
    assert rig.column(stream, key) == rig.truth(kind, key)


@pytest.mark.parametrize(("stream", "kind", "key"), [*WINDOWED, *CHAINED], ids=str)
@given(
    gaps=st.lists(GAPS, max_size=40),
    more=st.lists(GAPS, max_size=15),
    changed=st.sets(st.integers(0, 40), max_size=8),
    last=st.sampled_from([0, 1, 5, 9, 10, 11, 3600]),
    page_size=st.integers(1, 5),
    workers=WORKERS,
    loose=st.booleans(),
    as_=st.sampled_from(BOTH),
)
@examples(48)
def test_two_syncs_bring_every_row(  # noqa: PLR0913, PLR0917 - what a case is made of
    stream, kind, key, gaps, more, changed, last, page_size, workers, loose, as_
):
    """``loose``: Klaviyo also answers with rows that equal an exclusive bound."""
    rig = Rig()
    rig.sandbox.behaviour = behaving(as_)
    rig.sandbox.faults.add(Fault("loose-bounds", rate=float(loose)))
    if kind in EDGES_BY_DATE:
        rig.sandbox.behaviour.cursors_without_ids = False
    # What a sweep alone finds (archived flows, hidden images) is found by each of the two.
    config = {"stream_options": {stream: {"page_size": page_size}}, "max_workers": workers, "sweep_every_hours": 0}
    fill(rig, kind, key, instants(gaps, rig.now - timedelta(seconds=last)))
    first = rig.sync(stream, **config)
    assert not first.failures
    if last > 10:
        check(rig, stream, kind, key)
    assert set(first.written(stream).values()) <= {1}

    # Rows change, others come with the same instants, right at the last bookmark too.
    began = rig.now
    for number in sorted(changed):
        if number <= len(gaps):
            rig.later(seconds=0.5)
            rig.change(kind, f"a{number:03}", **{key: text(rig.now), "name": "changed"})
    if stream != "events":
        fill(rig, kind, key, [max(moment, began) for moment in instants(more, rig.now)], "b")
    rig.later(seconds=30)
    second = rig.sync(stream, **config)
    assert not second.failures
    check(rig, stream, kind, key)
    assert set(second.written(stream).values()) <= {1}


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize(("stream", "kind", "key"), WINDOWED, ids=str)
def test_a_full_page_of_rows_up_to_the_bound_itself(stream, kind, key, before, workers):
    """Where an exclusive bound is not kept, nothing lies between the end of such a page and the bound."""
    rig = Rig()
    rig.sandbox.faults.add(Fault("loose-bounds", rate=1))
    bound = rig.now - timedelta(seconds=10)
    fill(rig, kind, key, [bound - timedelta(seconds=10)] * before)
    fill(rig, kind, key, [bound] * 8, "b")
    options = {"stream_options": {stream: {"page_size": 5}}, "max_workers": workers}
    assert not rig.sync(stream, **options).failures
    assert rig.sandbox.refused == 0
    rig.later(hours=1)
    assert set(rig.sync(stream, **options).written(stream).values()) == {1}
    check(rig, stream, kind, key)


@given(
    before=st.integers(0, 12),
    inside=st.integers(0, 40),
    after=st.integers(0, 12),
    fraction=st.sampled_from([0, 1e-6, 0.5, 0.999999]),
    page_size=st.integers(1, 10),
    workers=WORKERS,
)
@examples(100)
def test_ties_around_the_second_of_the_bookmark(  # noqa: PLR0913, PLR0917 - what a case is made of
    before, inside, after, fraction, page_size, workers
):
    """Profiles know only `greater-than`: the second before the bookmark comes too, and may fill a page by itself."""
    rig = Rig()
    bookmark = NOON - timedelta(hours=1)
    for prefix, count, shift in (("x", before, -1 + fraction), ("y", inside, fraction), ("z", after, 1 + fraction)):
        for number in range(count):
            rig.put("profile", f"{prefix}{number:03}", email="", updated=text(bookmark + timedelta(seconds=shift)))
    state = {"bookmarks": {"profiles": {"replication_key": "updated", "replication_key_value": text(bookmark)}}}
    config = {"stream_options": {"profiles": {"page_size": page_size}}, "max_workers": workers}
    run = rig.sync("profiles", state=state, **config)
    assert not run.failures
    assert rig.sandbox.refused == 0
    expected = [f"{prefix}{number:03}" for prefix, count in (("y", inside), ("z", after)) for number in range(count)]
    assert sorted(run.written("profiles").elements()) == expected


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize(("stream", "kind", "key"), [one for one in CHAINED if one[1] in EDGES_BY_DATE], ids=str)
def test_a_tie_over_the_edge_of_a_page_whose_cursor_has_no_id(stream, kind, key, workers):
    rig = Rig()
    assert rig.sandbox.behaviour.cursors_without_ids
    days = (NOON - timedelta(days=1 + number // 3) for number in range(30))
    fill(rig, kind, key, list(days))
    config = {"stream_options": {stream: {"page_size": 5}}, "max_workers": workers}
    assert not rig.sync(stream, **config).failures
    check(rig, stream, kind, key)
