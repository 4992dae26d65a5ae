"""Full reads: gone on with where a run was cut off, one version for all rows of a table, and nothing taken for gone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Fault
from tests.no_data_loss.rig import NOON, Rig, text

pytestmark = pytest.mark.usefixtures("one_or_many")


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def until_complete(rig: Rig, stream: str, path: str, *beside: str, **options: object) -> int:
    """Run until a run is not cut off; each one gets four answers and no more."""
    for number in range(1, 60):
        rig.sandbox.faults.clear()
        rig.sandbox.faults.add(Fault("error", on=frozenset({5}), value=400, path=path))
        if not rig.sync(*beside, stream, retry=0, **options).failures:
            return number
        rig.later(minutes=10)
    return 0


@pytest.mark.parametrize(
    ("stream", "kind", "key", "path"),
    [
        ("profiles", "profile", "updated", "/api/profiles"),
        ("events", "event", "datetime", "/api/events"),
        ("templates", "template", "updated", "/api/templates"),
    ],
)
def test_a_full_read_that_is_always_cut_off_comes_to_its_end(stream, kind, key, path):
    rig = Rig()
    for number in range(60):
        rig.put(kind, f"a{number:02}", name="", hidden=False, **{key: ago(days=60 - number)})
    options = {"stream_options": {stream: {"page_size": 5}}, "max_workers": 1}
    rig.sync(stream, **options)
    rig.shop.delete(kind, "a03")
    rig.shop.delete(kind, "a59")
    rig.later(days=1)
    assert until_complete(rig, stream, path, method="FULL_TABLE", **options) > 1
    assert rig.column(stream, key) == rig.truth(kind, key)
    assert rig.bookmarks[stream]["full"] is None
    assert set(rig.table.versions[stream].values()) == {rig.bookmarks[stream]["version"]}


def test_a_full_fan_out_that_is_always_cut_off_comes_to_its_end():
    rig = Rig()
    for number in range(12):
        rig.put("list", f"L{number:02}", name="", updated=ago(days=9))
        rig.put("profile", f"p{number:02}", email="", updated=ago(days=9))
        rig.shop.join("list", f"L{number:02}", f"p{number:02}", ago(days=8))
    rig.sync("lists", "list_profiles")
    rig.shop.leave("list", "L03", "p03")
    rig.later(days=1)
    path = "/api/lists/*/profiles"
    assert until_complete(rig, "list_profiles", path, "lists", method="FULL_TABLE", max_workers=1) > 1
    assert {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()} == rig.shop.memberships(
        "list"
    )


def test_an_incremental_run_within_a_full_read_that_is_cut_off_loses_nothing():
    """An event that arrives late behind the reader is written by the incremental run, with the version that stays."""
    rig = Rig()
    for number in range(40):
        rig.put("event", f"e{number:02}", datetime=ago(days=4, minutes=-number))
    options = {"stream_options": {"events": {"page_size": 5}}, "max_workers": 1, "retry": 0}
    rig.sync("events", **options)
    rig.later(hours=30)
    rig.sandbox.faults.add(Fault("error", on=frozenset({5}), value=400))
    assert rig.sync("events", method="FULL_TABLE", **options).failures
    rig.sandbox.reset()
    rig.put("event", "late", datetime=ago(days=4, minutes=-0.5))
    rig.later(hours=1)
    rig.sync("events", **options)
    rig.later(hours=1)
    full = rig.sync("events", method="FULL_TABLE", **options)
    assert "late" not in full.written("events")
    assert rig.column("events", "datetime") == rig.truth("event", "datetime")


@pytest.mark.parametrize("first", ["INCREMENTAL", "FULL_TABLE"])
def test_a_weekly_full_read_drops_what_hourly_runs_wrote_and_is_gone(first):
    rig = Rig()
    for number in range(4):
        rig.put("profile", f"p{number}", email="", updated=ago(days=9 - number))
    rig.sync("profiles", method=first)
    rig.later(days=1)
    rig.put("profile", "new", email="", updated=text(rig.now - timedelta(hours=1)))
    rig.sync("profiles")
    assert None not in rig.table.versions["profiles"].values()
    assert len(set(rig.table.versions["profiles"].values())) == 1
    rig.shop.delete("profile", "new")
    rig.shop.delete("profile", "p0")
    rig.later(days=6)
    rig.sync("profiles", method="FULL_TABLE")
    assert rig.column("profiles", "updated") == rig.truth("profile", "updated")


@pytest.mark.parametrize(
    "bounds",
    [
        {"start_date": ago(days=5)},
        {"end_date": ago(days=5)},
        {"stream_options": {"profiles": {"filter": 'equals(email,"a@example.com")'}}},
    ],
    ids=["start_date", "end_date", "filter"],
)
def test_a_full_read_within_bounds_drops_nothing(bounds):
    rig = Rig()
    for days in (9, 1):
        rig.put("profile", f"p{days}", email="a@example.com" if days == 1 else "", updated=ago(days=days))
    rig.sync("profiles")
    run = rig.sync("profiles", method="FULL_TABLE", **bounds)
    assert not run.failures
    assert not [one for one in run.messages if one["type"] == "ACTIVATE_VERSION"]
    assert len(rig.rows("profiles")) == 2


def test_no_version_is_activated_over_a_parent_that_could_not_be_read():
    rig = Rig()
    for number in range(4):
        rig.put("list", f"L{number}", name="", updated=ago(days=9))
        rig.put("profile", f"p{number}", email="", updated=ago(days=9))
        rig.shop.join("list", f"L{number}", f"p{number}", ago(days=8))
    rig.sync("list_profiles")
    rig.sandbox.faults.add(Fault("error", on=frozenset({2}), value=400, path="/api/lists/*/profiles"))
    failed = rig.sync("list_profiles", method="FULL_TABLE", retry=0)
    assert failed.failures == ["list_profiles"]
    assert "ACTIVATE_VERSION" not in {message["type"] for message in failed.messages}
    rig.sandbox.reset()
    assert not rig.sync("list_profiles", method="FULL_TABLE").failures
    assert len(rig.rows("list_profiles")) == 4
