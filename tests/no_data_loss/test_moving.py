"""Rows that change while they are being read are in this sync or in the next one, never in neither."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.scale import examples
from tests.no_data_loss.rig import NOON, Rig, text

WORKERS = st.sampled_from([1, 24])
SEEDS = st.integers(0, 10_000)


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def disturbed(rig: Rig, path: str, change, *, every: int) -> None:
    """Let a change happen before every so-manieth answer, each a little later than the one before."""

    def happen(_: object) -> None:
        rig.later(seconds=1.25)
        change()

    rig.sandbox.schedule.add(happen, after=every, path=path, repeats=True)


@pytest.mark.parametrize("method", ["INCREMENTAL", "FULL_TABLE"])
@pytest.mark.parametrize(
    ("stream", "kind", "path"),
    [
        ("profiles", "profile", "/api/profiles"),
        ("lists", "list", "/api/lists"),
        ("templates", "template", "/api/templates"),
        ("reviews", "review", "/api/reviews"),
    ],
)
@given(seed=SEEDS, every=st.integers(1, 4), page_size=st.integers(1, 6), workers=WORKERS)
@examples(12)
def test_updated_while_listed(stream, kind, path, method, seed, every, page_size, workers):  # noqa: PLR0913, PLR0917 - what a case is made of
    chance = random.Random(seed)  # noqa: S311 - no secrets
    rig = Rig()
    for number in range(40):
        made = ago(days=2, seconds=40 - number // 3)
        rig.put(kind, f"a{number:03}", name="old", body="old", updated=made, created=made, status={"value": "pending"})
    config = {"stream_options": {stream: {"page_size": page_size}}, "max_workers": workers}

    def change() -> None:
        rig.change(kind, f"a{chance.randrange(40):03}", updated=text(rig.now), name="new")

    disturbed(rig, path, change, every=every)
    first = rig.sync(stream, method=method, **config)
    assert not first.failures
    if method == "FULL_TABLE":
        assert set(rig.rows(stream)) == {(f"a{number:03}",) for number in range(40)}
    unchanged = {one.id for one in rig.shop.resources(kind) if one.attributes["name"] == "old"}
    assert {identifier for identifier, times in first.written(stream).items() if times > 1} <= (
        set(first.written(stream)) - unchanged
    )

    rig.sandbox.reset()
    rig.later(seconds=30)
    assert not rig.sync(stream, method=method, **config).failures
    assert rig.column(stream, "updated") == rig.truth(kind, "updated")


@given(seed=SEEDS, every=st.integers(1, 3), bumped=st.booleans(), workers=WORKERS)
@examples(32)
def test_archived_while_listed_and_between_two_syncs(seed, every, bumped, workers):
    chance = random.Random(seed)  # noqa: S311 - no secrets
    rig = Rig()
    for number in range(60):
        rig.put(
            "campaign",
            f"c{number:03}",
            channel=("email", "sms", "mobile_push")[number % 3],
            name="old",
            archived=number % 5 == 0,
            updated_at=ago(days=3, seconds=number // 4),
            created_at=ago(days=4),
        )

    def archive() -> None:
        moved = {"updated_at": text(rig.now)} if bumped else {}
        rig.change("campaign", f"c{chance.randrange(60):03}", archived=True, **moved)

    config = {"stream_options": {"campaigns": {"page_size": 7}}, "max_workers": workers}
    disturbed(rig, "/api/campaigns", archive, every=every)
    first = rig.sync("campaigns", **config)
    assert not first.failures
    rig.sandbox.reset()
    for _ in range(5):
        archive()
    rig.later(hours=24)
    assert not rig.sync("campaigns", **config).failures
    for name in ("archived", "updated_at"):
        assert rig.column("campaigns", name) == rig.truth("campaign", name)
    channels = {one.id: one.hidden["messages.channel"] for one in rig.shop.resources("campaign")}
    assert rig.column("campaigns", "channel") == channels


@pytest.mark.usefixtures("one_or_many")
def test_a_flow_that_is_archived_between_two_syncs_is_written_as_archived():
    rig = Rig()
    rig.put("flow", "f1", name="welcome", archived=False, updated=ago(days=9))
    rig.put("flow", "f2", name="winback", archived=False, updated=ago(days=1))
    rig.sync("flows")
    rig.change("flow", "f1", archived=True)
    rig.later(hours=24)
    rig.sync("flows")
    assert rig.column("flows", "archived") == {"f1": True, "f2": False}


@given(seed=SEEDS, every=st.integers(1, 5), page_size=st.integers(1, 5), workers=WORKERS)
@examples(32)
def test_profiles_that_join_while_members_are_read(seed, every, page_size, workers):
    chance = random.Random(seed)  # noqa: S311 - no secrets
    rig = Rig()
    for number in range(8):
        rig.put("list", f"L{number}", name="list", updated=ago(days=5))
    for number in range(25):
        rig.put("profile", f"p{number:02}", email="", updated=ago(days=5))
        for of_list in range(number % 4):
            rig.shop.join("list", f"L{(number + of_list) % 8}", f"p{number:02}", ago(days=4, seconds=number // 3))

    def join() -> None:
        rig.shop.join("list", f"L{chance.randrange(8)}", f"p{chance.randrange(25):02}", text(rig.now))

    def new_list() -> None:
        name = f"{chance.choice('AZ')}{chance.randrange(100)}"
        rig.put("list", name, name="new", updated=text(rig.now))
        rig.shop.join("list", name, f"p{chance.randrange(25):02}", text(rig.now))

    config = {
        "stream_options": {"list_profiles": {"page_size": page_size}},
        "max_workers": workers,
        "sweep_every_hours": 0,  # every list is asked by both
    }

    def change() -> None:
        chance.choice([join, join, new_list])()

    disturbed(rig, "/api/lists*", change, every=every)
    assert not rig.sync("lists", "list_profiles", **config).failures
    rig.sandbox.reset()
    rig.later(seconds=30)
    assert not rig.sync("lists", "list_profiles", **config).failures
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


def test_a_full_read_does_not_drop_a_profile_that_moves_behind_the_reader():
    """The windows are read at once; what changes before its window is read has left all of them."""
    rig = Rig()
    for number in range(60):
        rig.put("profile", f"p{number:02}", email="", updated=ago(days=60 - number))

    def change() -> None:
        unread = [one for one in rig.shop.resources("profile") if one.attributes["updated"] < ago(seconds=0)]
        if unread:
            newest = max(unread, key=lambda one: one.attributes["updated"])
            rig.change("profile", newest.id, updated=text(rig.now))

    rig.later(hours=1)
    rig.sandbox.latency = 0.005  # so that every worker has something to do
    disturbed(rig, "/api/profiles", change, every=2)
    options = {"stream_options": {"profiles": {"page_size": 3}}}
    assert not rig.sync("profiles", method="FULL_TABLE", **options).failures
    assert len(rig.rows("profiles")) == 60
