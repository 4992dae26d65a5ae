"""Long chains without an order that a bookmark could follow, in runs that are always cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Fault
from tests.no_data_loss.rig import NOON, Rig, text

QUOTA = 86_400  # seconds: nothing is tried again, and no parent is passed over
PAGE = 5
COUNT = 57
CHAINS = {
    "catalog_items": ("catalog-item", "/api/catalog-items"),
    "push_tokens": ("push-token", "/api/push-tokens"),
}
DATED = {
    "lists": ("list", "/api/lists", "updated"),
    "segments": ("segment", "/api/segments", "updated"),
    "flows": ("flow", "/api/flows", "updated"),
    "forms": ("form", "/api/forms", "updated_at"),
    "reviews": ("review", "/api/reviews", "updated"),
    "web_feeds": ("web-feed", "/api/web-feeds", "updated"),
}


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def runs(rig: Rig, stream: str, path: str, *, answers: int = 3, **options: object) -> int:
    """Run until a run is not cut off; each one gets so many answers and no more."""
    options = {"stream_options": {stream: {"page_size": PAGE}}, "retry": 0, **options}
    for number in range(1, 60):
        rig.sandbox.faults.clear()
        rig.sandbox.faults.add(Fault("throttle", on=frozenset({answers + 1}), value=QUOTA, path=path))
        if not rig.sync(stream, **options).failures:
            return number
        rig.later(minutes=10)
    return 0


def a_list_with_members(rig: Rig, name: str, count: int) -> None:
    rig.put("list", name, name="", updated=ago(days=30))
    for number in range(count):
        rig.put("profile", f"{name}-p{number:02}", email="", updated=ago(days=30))
        rig.shop.join("list", name, f"{name}-p{number:02}", ago(days=20, minutes=-number))


@pytest.mark.parametrize("merges", [False, True], ids=["replaced", "merged"])
@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("method", [None, "FULL_TABLE"])
def test_one_huge_parent_comes_to_its_end(workers, method, merges):
    rig = Rig()
    rig.table.merges = merges
    for name, count in (("L1", 3), ("L2", COUNT), ("L3", 4)):
        a_list_with_members(rig, name, count)
    path = "/api/lists/*/profiles"
    assert 2 < runs(rig, "list_profiles", path, answers=4, max_workers=workers, method=method) < 10
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize("stream", CHAINS)
def test_a_long_chain_comes_to_its_end(stream, versioned):
    kind, path = CHAINS[stream]
    rig = Rig()
    for number in range(COUNT):
        when = ago(days=60 - number)
        rig.put(kind, f"a{number:02}", updated=when, created=when, title="")
    done = runs(rig, stream, path, selected=True, emit_activate_version_messages=versioned)
    assert 2 < done < 8
    assert {key[0] for key in rig.rows(stream)} == {one.id for one in rig.shop.resources(kind)}
    assert not rig.bookmarks[stream].get("fan_out")


def dated(rig: Rig, stream: str, count: int) -> None:
    kind, _, key = DATED[stream]
    for number in range(count):
        when = {key: ago(days=60 - number), key.replace("updated", "created"): ago(days=60 - number)}
        rig.put(kind, f"a{number:02}", name="", profile_count=7, archived=False, status={"value": "published"}, **when)


@pytest.mark.parametrize("method", [None, "FULL_TABLE"])
@pytest.mark.parametrize("stream", DATED)
def test_a_chain_with_a_bookmark_comes_to_its_end_and_goes_on_from_there(stream, method):
    kind, path, key = DATED[stream]
    rig = Rig()
    dated(rig, stream, COUNT)
    for change in range(2):
        # Some are read in windows, after a page at each end of the order.
        assert 1 < runs(rig, stream, path, method=method, answers=6 if stream in {"forms", "web_feeds"} else 3) < 20
        assert rig.column(stream, key) == rig.truth(kind, key)
        assert not rig.bookmarks[stream].get("fan_out")
        for number in range(20 * change, 20 * change + 20):
            rig.change(kind, f"a{number:02}", **{key: text(rig.now + timedelta(seconds=number))})
        rig.later(hours=30)
    assert rig.column(stream, key) != rig.truth(kind, key)


def test_a_chain_whose_rows_are_completed_one_by_one_comes_to_its_end():
    rig = Rig()
    dated(rig, "lists", COUNT)
    options = {"lists": {"page_size": PAGE, "additional_fields": ["profile_count"]}}
    done = runs(rig, "lists", "/api/lists/*", answers=12, stream_options=options)
    assert 4 < done < 12
    assert set(rig.column("lists", "profile_count").values()) == {7}
    assert rig.column("lists", "updated") == rig.truth("list", "updated")


def test_variants_of_one_page_each_come_to_their_end():
    rig = Rig()
    for number, channel in enumerate(("email", "sms", "mobile_push")):
        for archived in (False, True):
            name = f"c{number}{archived}"
            rig.put("campaign", name, channel=channel, name="", archived=archived, updated_at=ago(days=9))
    assert 1 < runs(rig, "campaigns", "/api/campaigns") < 10
    assert len(rig.rows("campaigns")) == 6


def test_a_variant_that_was_completed_row_by_row_is_not_read_again():
    rig = Rig()
    for number in range(30):
        rig.put("flow", f"f{number:02}", name="", archived=number >= 20, definition={}, updated=ago(days=60 - number))
    options = {"flows": {"page_size": PAGE, "additional_fields": ["definition"]}}
    assert 2 < runs(rig, "flows", "/api/flows/*", answers=12, stream_options=options) < 10
    assert rig.column("flows", "updated") == rig.truth("flow", "updated")


CUSTOM = {"path": "/api/catalog-items", "params": {"page[size]": PAGE, "sort": "created"}}


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize(
    "entry",
    [
        CUSTOM,
        {"path": "/api/lists/{lists}/profiles", "parent": "lists", "params": {"page[size]": PAGE}},
    ],
    ids=["chain", "parents"],
)
def test_a_custom_stream_comes_to_its_end(entry, workers):
    rig = Rig()
    a_list_with_members(rig, "L1", COUNT)
    for number in range(COUNT):
        rig.put("catalog-item", f"a{number:02}", created=ago(days=60 - number), updated=ago(days=9), title="")
    path = "/api/lists/*/profiles" if "parent" in entry else entry["path"]
    settings = {"custom_streams": [{"name": "mine", **entry}], "stream_options": {}, "max_workers": workers}
    assert 2 < runs(rig, "mine", path, **settings) < 10
    assert len(rig.rows("mine")) == COUNT


@pytest.mark.parametrize("changed", ["fields", "filter"])
def test_a_chain_that_is_asked_otherwise_begins_anew(changed):
    rig = Rig()
    for number in range(COUNT):
        rig.put("catalog-item", f"a{number:02}", updated=ago(days=9), title=f"t{number}", published=True)
    options = {"stream_options": {"catalog_items": {"page_size": PAGE}}, "retry": 0}
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({5}), value=QUOTA, path="/api/catalog-items"))
    assert rig.sync("catalog_items", **options).failures
    (place,) = rig.bookmarks["catalog_items"]["fan_out"]
    assert place["link"]
    rig.sandbox.reset()
    assert "api" not in place["link"]
    more = {"include": ["variants"]} if changed == "fields" else {"filter": "equals(published,true)"}
    options = {"stream_options": {"catalog_items": {"page_size": PAGE, **more}}}
    assert len(rig.sync("catalog_items", **options).records("catalog_items")) == COUNT


@pytest.mark.usefixtures("one_or_many")
@pytest.mark.parametrize("status", [400, 404])
def test_a_place_that_klaviyo_no_longer_knows_is_no_end_of_its_parent(status):
    rig = Rig()
    a_list_with_members(rig, "L1", COUNT)
    options = {"stream_options": {"list_profiles": {"page_size": PAGE}}, "retry": 0}
    path = "/api/lists/*/profiles"
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({5}), value=QUOTA, path=path))
    assert rig.sync("list_profiles", **options).failures
    rig.sandbox.reset()
    rig.sandbox.faults.add(Fault("error", on=frozenset({1}), value=status, path=path))
    assert not rig.sync("list_profiles", **options).failures
    assert len(rig.rows("list_profiles")) == COUNT


def test_no_filter_is_in_the_state():
    rig = Rig()
    a_list_with_members(rig, "L1", COUNT)
    asked = 'equals(email,["a@example.org",""])'
    options = {"stream_options": {"list_profiles": {"page_size": PAGE, "filter": asked}}, "retry": 0}
    path = "/api/lists/*/profiles"
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({5}), value=QUOTA, path=path))
    assert rig.sync("list_profiles", **options).failures
    (place,) = rig.bookmarks["list_profiles"]["fan_out"]
    assert place["link"]
    assert "example" not in str(rig.bookmarks)
    rig.sandbox.reset()
    second = rig.sync("list_profiles", **options)
    assert not second.failures
    assert PAGE < len(second.records("list_profiles")) < COUNT
    assert len(rig.rows("list_profiles")) == COUNT


def test_a_link_that_is_refused_begins_the_chain_anew():
    rig = Rig()
    for number in range(COUNT):
        rig.put("catalog-item", f"a{number:02}", updated=ago(days=9), title=f"t{number}")
    options = {"stream_options": {"catalog_items": {"page_size": PAGE}}, "retry": 0}
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({5}), value=QUOTA, path="/api/catalog-items"))
    assert rig.sync("catalog_items", **options).failures
    rig.sandbox.reset()
    rig.sandbox.faults.add(Fault("error", on=frozenset({1}), value=400, path="/api/catalog-items"))
    second = rig.sync("catalog_items", **options)
    assert not second.failures
    assert len(second.records("catalog_items")) == COUNT
