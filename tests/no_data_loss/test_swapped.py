"""Klaviyo does not always keep the order it was asked for: neighbours swapped where a page ends lose no row."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from tap_klaviyo.sandbox import Fault
from tests.no_data_loss.rig import NOON, Rig, text

pytestmark = pytest.mark.usefixtures("one_or_many")
COUNT = 14  # three pages of four, and some rows of a fourth
STREAMS = {
    "images": ("image", "updated_at", "/api/images"),
    "profiles": ("profile", "updated", "/api/profiles"),
    "events": ("event", "datetime", "/api/events"),
    "templates": ("template", "updated", "/api/templates"),
}


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


@pytest.fixture(autouse=True)
def _filters_by_value(monkeypatch):
    """Let a bound hold for what a row says, wherever the row is listed; else the sandbox cuts its order there."""
    monkeypatch.setattr("tap_klaviyo.sandbox.rows._SINGLE", frozenset())


def swapped(rig: Rig, kind: str, key: str, at: int, *, largest: bool = False) -> None:
    """Let the shop list two neighbours the wrong way round; its cursors go by that order."""
    shelf = rig.shop.shelf(kind)
    entries = shelf.order(key, largest=largest)
    order = list(range(len(entries)))
    order[at], order[at + 1] = order[at + 1], order[at]
    moved = [(sort_key, name, entries[other][2]) for (sort_key, name, _), other in zip(entries, order, strict=True)]
    shelf._orders[key, largest] = moved


def places():
    """Each place in each stream: broken off or not, and rows so many seconds apart, since windows hold full pages.

    By default each place has its turn in one of these four ways; the other three are for the long tests.
    """
    ways = [*product([None, 3], [1, 10])]
    for number, (stream, at) in enumerate(product(STREAMS, range(COUNT - 1))):
        for turn, way in enumerate(ways):
            yield pytest.param(stream, at, *way, marks=[] if number % len(ways) == turn else pytest.mark.long)


@pytest.mark.parametrize(("stream", "at", "broken_at", "apart"), [*places()])
def test_neighbours_swapped_anywhere(stream, at, broken_at, apart):
    rig = Rig()
    kind, key, path = STREAMS[stream]
    for number in range(COUNT):
        rig.put(kind, f"a{number:02}", name="", hidden=False, **{key: ago(days=5, seconds=-apart * number)})
    swapped(rig, kind, key, at)
    options = {"stream_options": {stream: {"page_size": 4}}, "retry": 0, "lookback_days": 0}
    if broken_at is not None:
        rig.sandbox.faults.add(Fault("error", on=frozenset({broken_at}), value=400, path=path))
        rig.sync(stream, **options)
        rig.sandbox.reset()
        rig.shop.shelf(kind)._orders.clear()
        rig.later(minutes=1)
    assert not rig.sync(stream, **options).failures
    assert rig.column(stream, key) == rig.truth(kind, key)


@pytest.mark.parametrize("broken_at", range(2, 6))
@pytest.mark.parametrize("stream", ["events", "profiles", "templates"])
def test_neighbours_swapped_behind_a_tie_that_no_window_can_be_cut_in(stream, broken_at):
    """Such a page is followed by its link, and its last row is later than the first one of the page after."""
    rig = Rig()
    kind, key, path = STREAMS[stream]
    for number, seconds in enumerate((0, 0, 0, 1, 2, 3, 4, 5, 6)):
        rig.put(kind, f"a{number}", name="", **{key: ago(days=5, seconds=-seconds)})
    swapped(rig, kind, key, 3)
    options = {"stream_options": {stream: {"page_size": 4}}, "retry": 0, "lookback_days": 0}
    rig.sandbox.faults.add(Fault("error", on=frozenset({broken_at}), value=400, path=path))
    rig.sync(stream, **options)
    rig.sandbox.reset()
    rig.shop.shelf(kind)._orders.clear()
    rig.later(minutes=1)
    assert not rig.sync(stream, **options).failures
    assert rig.column(stream, key) == rig.truth(kind, key)


@pytest.mark.parametrize("changed", range(1, 9))
def test_a_change_behind_the_first_old_row_of_what_is_read_newest_first(changed):
    """The oldest change comes behind two rows that did not change, the first of which is that of the bookmark."""
    rig = Rig()
    for number in range(COUNT):
        rig.put("review", f"a{number:02}", title="", status={"value": "published"}, updated=ago(days=COUNT - number))
    options = {"stream_options": {"reviews": {"page_size": 4}}}
    rig.sync("reviews", **options)
    rig.later(hours=1)
    for number in range(changed):
        rig.later(minutes=1)
        rig.change("review", f"a{number:02}", title="changed", updated=text(rig.now))
    rig.later(minutes=5)
    for at in (COUNT - changed - 1, COUNT - changed - 2):
        swapped(rig, "review", "updated", at, largest=True)
    assert not rig.sync("reviews", **options).failures
    assert rig.column("reviews", "title") == rig.truth("review", "title")
