"""What changes without its date, or has none, arrives with the next sweep; in between the cost follows what changed."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from tap_klaviyo import contract
from tap_klaviyo.records import jsonapi
from tap_klaviyo.sandbox import Fault, Resource, Shop
from tap_klaviyo.sandbox.shop.store import sort_key
from tap_klaviyo.sync.changes import Changes
from tap_klaviyo.tap import TapKlaviyo
from tests.behaviours import BOTH, behaving
from tests.no_data_loss.rig import NOON, Rig, text

pytestmark = pytest.mark.usefixtures("one_or_many")


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def asked(rig: Rig) -> Counter[str]:
    return Counter(one.path for one in rig.sandbox.requests)


def middling() -> Rig:
    """An account with 40 flows and 160 actions, 25 lists, 300 campaigns and 500 catalog items."""
    rig = Rig()
    kinds = ("send-email", "time-delay", "conditional-split", "send-sms")
    for number in range(160):
        links: dict[str, str | list[str] | None] = {"flow": f"f{number % 40}"}
        told = {"definition": {"type": kinds[number % 4]}, "updated": ago(days=9), "created": ago(days=90)}
        rig.shop.put("flow-action", Resource("flow-action", f"a{number}", told, links))
    for number in range(500):
        rig.put("catalog-item", f"i{number}", title="t", updated=ago(days=9))
        links = {"item": f"i{number}"}
        rig.shop.put("catalog-variant", Resource("catalog-variant", f"v{number}", {"updated": ago(days=9)}, links))
    for number in range(300):
        channel = ("email", "sms", "mobile_push")[number % 3]
        rig.put("campaign", f"c{number}", channel=channel, name="", archived=number % 5 == 0, updated_at=ago(days=9))
    for number in range(40):
        rig.put("flow", f"f{number}", name="", archived=number % 8 == 0, updated=ago(days=9), created=ago(days=90))
        rig.put("image", f"i{number}", name="", hidden=number % 2 == 0, updated_at=ago(days=9))
        rig.put("template", f"t{number}", name="", updated=ago(days=9, hours=number))
        rig.put("profile", f"p{number}", email="", updated=ago(days=9), created=ago(days=90))
        rig.put("event", f"e{number}", datetime=ago(days=9))
    for number in range(25):
        rig.put("list", f"L{number}", name="", updated=ago(days=90, hours=number))
        rig.shop.join("list", f"L{number}", f"p{number}", ago(days=30))
        rig.put("catalog-category", f"k{number}", name="", updated=ago(days=9))
        rig.put("form", f"F{number}", name="", updated_at=ago(days=9), created_at=ago(days=9))
    for number in range(5):
        rig.put("coupon", f"k{number}", external_id="t")
        rig.put("object-type", f"o{number}", title="t", updated_at=ago(days=9))
        rig.put("segment", f"S{number}", name="", updated=ago(days=9))
        rig.put("tag", f"T{number}", name="")
    return rig


def default_streams(rig: Rig) -> list[str]:
    streams = TapKlaviyo(config={"api_url": "sandbox://"}, now=rig.now).klaviyo_streams()
    return [stream.name for stream in streams if stream.selected_by_default]


def test_the_hourly_sync_of_a_middling_account_in_which_nothing_is_new():
    rig = middling()
    streams = default_streams(rig)
    for hours in (0, 24):
        rig.later(hours=hours)
        assert not rig.sync(*streams).failures
    held = {stream: set(rig.rows(stream)) for stream in streams}
    rig.later(hours=1)
    rig.sandbox.requests.clear()
    assert not rig.sync(*streams).failures
    assert len(rig.sandbox.requests) < 60, asked(rig)
    rig.later(hours=23)
    rig.sandbox.requests.clear()
    assert not rig.sync(*streams).failures
    assert asked(rig)["/api/lists/{id}/profiles"] == 25
    # Half of the actions are delays and branches.
    assert asked(rig)["/api/flow-actions/{id}/flow-messages"] == 80
    assert {stream: set(rig.rows(stream)) for stream in streams} == held


def test_every_run_sweeps_if_told_to():
    rig = middling()
    streams = ("flows", "flow_actions", "flow_messages", "lists", "list_profiles")
    for _ in range(2):
        rig.sandbox.requests.clear()
        assert not rig.sync(*streams, sweep_every_hours=0).failures
        assert asked(rig)["/api/flow-actions/{id}/flow-messages"] == 80
        assert asked(rig)["/api/lists/{id}/profiles"] == 25
        rig.later(hours=1)


def test_a_fan_out_that_was_cut_off_before_a_lookback_was_due_ends_without_one():
    """The parents that it has finished would miss it."""
    rig = Rig()
    names = [f"L{number}" for number in range(4)]
    rig.put("profile", "p", email="", updated=ago(days=90))
    rig.put("profile", "late", email="", updated=ago(days=90))
    for name in names:
        rig.put("list", name, name="", updated=ago(days=90))
        rig.shop.join("list", name, "p", ago(days=60))
    rig.sync("list_profiles")
    rig.later(hours=22)
    for name in names:
        rig.change("list", name, updated=text(rig.now))
    rig.later(minutes=1)
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({3}), value=86_400, path="/api/lists/*/profiles"))
    assert rig.sync("list_profiles", max_workers=1).failures
    rig.sandbox.reset()
    # A week late, which is as late as a lookback allows.
    rig.shop.join("list", "L0", "late", text(NOON - timedelta(days=6, hours=23)))
    for _ in range(2):
        rig.later(hours=2)
        assert not rig.sync("list_profiles").failures
    assert ("L0", "late") in rig.rows("list_profiles")


@pytest.mark.parametrize("as_", BOTH)
@pytest.mark.parametrize(
    ("stream", "kind", "key", "flag"),
    [
        ("flows", "flow", "updated", "archived"),
        ("campaigns", "campaign", "updated_at", "archived"),
        ("omnichannel_campaigns", "omnichannel-campaign", "updated_at", "archived"),
        ("images", "image", "updated_at", "hidden"),
    ],
)
def test_what_is_put_away_and_what_is_taken_out_again_arrives_within_a_day(stream, kind, key, flag, as_):
    rig = Rig()
    rig.sandbox.behaviour = behaving(as_)

    def put(name: str, days: int, *, away: bool) -> None:
        told = {"name": "", flag: away}
        attributes: dict[str, Any] = {"definition": told} if kind.startswith("omnichannel") else told
        rig.put(kind, name, channel="sms" if kind == "campaign" else None, **attributes, **{key: ago(days=days)})

    put("out", 9, away=False)
    put("away", 9, away=True)
    put("newest", 1, away=False)
    rig.sync(stream)
    put("out", 9, away=True)
    put("away", 9, away=False)
    # A run that begins a little earlier than yesterday's sweeps too.
    rig.later(hours=23, minutes=59, seconds=40)
    rig.sync(stream)
    assert rig.column(stream, flag) == {"out": True, "away": False, "newest": False}


@pytest.mark.parametrize(
    ("stream", "kind", "key"),
    [
        ("lists", "list", "updated"),
        ("segments", "segment", "updated"),
        ("flows", "flow", "updated"),
        ("forms", "form", "updated_at"),
        ("profiles", "profile", "updated"),
        ("templates", "template", "updated"),
    ],
)
def test_rows_without_a_date_arrive_within_a_day(stream, kind, key):
    rig = Rig()
    rig.put(kind, "dated", name="", archived=False, **{key: ago(days=9)})
    rig.sync(stream)
    rig.later(hours=2)
    rig.put(kind, "undated", name="", archived=False, created=text(rig.now), **{key: None})
    rig.later(hours=22)
    rig.sync(stream)
    assert set(rig.rows(stream)) == {("dated",), ("undated",)}


@pytest.mark.parametrize(
    ("stream", "kind", "key"),
    [("forms", "form", "updated_at"), ("templates", "template", "updated"), ("web_feeds", "web-feed", "updated")],
)
def test_rows_without_a_date_arrive_whichever_end_of_the_order_they_stand_at(stream, kind, key, monkeypatch):
    def last(resource, name, *, largest=False):
        found = sort_key(resource, name, largest=largest)
        return found if found[0] else (2, "")

    monkeypatch.setattr("tap_klaviyo.sandbox.shop.store.sort_key", last)
    rig = Rig()
    for number in range(3):
        rig.put(kind, f"dated {number}", name="", **{key: ago(days=9 - number)})
    options = {"stream_options": {stream: {"page_size": 2}}, "selected": True}
    rig.put(kind, "undated", name="", **{key: None})
    rig.sync(stream, **options)
    assert ("undated",) in rig.rows(stream)
    rig.later(hours=2)
    rig.put(kind, "later", name="", **{key: None})
    rig.later(hours=22)
    assert not rig.sync(stream, **options).failures
    assert ("later",) in rig.rows(stream)


def test_new_and_changed_parents_are_asked_at_once():
    rig = middling()
    streams = ("flows", "flow_actions", "flow_messages", "forms", "form_versions")
    rig.sync(*streams)
    rig.later(hours=1)
    rig.change("flow", "f1", updated=text(rig.now - timedelta(minutes=5)))
    rig.change("flow-action", "a2", updated=text(rig.now - timedelta(minutes=5)))
    rig.put("form", "new", name="", updated_at=text(rig.now), created_at=text(rig.now))
    # An action whose kind is not known is asked; its flow has changed.
    told = {"definition": {"type": "send-owl"}, "updated": ago(days=9), "created": ago(days=90)}
    rig.shop.put("flow-action", Resource("flow-action", "a-new", told, {"flow": "f1"}))
    rig.later(hours=1)
    rig.sandbox.requests.clear()
    assert not rig.sync(*streams).failures
    messages = {one.target for one in rig.sandbox.requests if one.target.endswith("flow-messages")}
    assert "/api/flow-actions/a-new/flow-messages" in messages
    # Four actions are of f1: a1 and a41 are delays, and so are a81 and a121; a2 is a branch.
    assert messages == {"/api/flow-actions/a-new/flow-messages"}
    assert asked(rig)["/api/forms/{id}/form-versions"] == 1


def test_children_of_what_has_no_date_are_asked_where_its_parent_changed():
    rig = Rig(Shop(events=0, profiles=0))
    rig.sync("source_mappings")
    rig.later(hours=1)
    first, second, *_ = (one.id for one in rig.shop.resources("object-type"))
    rig.change("object-type", first, updated_at=text(rig.now))
    rig.change("object-type", second, updated_at="soon")  # says nothing, and may have changed
    rig.later(hours=1)
    rig.sandbox.requests.clear()
    assert not rig.sync("source_mappings").failures
    wanted = {
        one.id for one in rig.shop.resources("object-schema") if one.relationships["object-type"] in {first, second}
    }
    asked = {one.target for one in rig.sandbox.requests if one.path == "/api/object-schemas/{id}/source-mapping"}
    assert asked == {f"/api/object-schemas/{one}/source-mapping" for one in wanted} != set()


def test_what_has_no_date_has_changed_if_what_carries_it_has():
    endpoint = contract.newest().endpoint("/api/object-types/{id}/schema-versions")
    changes = Changes(endpoint, endpoint.resource, NOON)
    schema = jsonapi.Resource(id="s", attributes={})
    assert [changes.hold(schema, carried=carried) for carried in (True, False)] == [True, False]


def test_a_list_that_grows_is_asked_in_every_run_and_a_quiet_one_once_a_day():
    rig = Rig()
    for name in ("grows", "quiet"):
        rig.put("list", name, name="", updated=ago(days=90))
    for number in range(9):
        rig.put("profile", f"p{number}", email="", updated=ago(days=90))
    rig.shop.join("list", "grows", "p0", ago(days=1))
    rig.shop.join("list", "quiet", "p0", ago(days=60))
    streams = ("lists", "list_profiles")
    rig.sync(*streams)
    rig.later(hours=1)
    rig.shop.join("list", "grows", "p1", text(rig.now - timedelta(minutes=9)))
    rig.shop.join("list", "quiet", "p2", text(rig.now - timedelta(minutes=9)))
    rig.sync(*streams)
    assert set(rig.rows("list_profiles")) == {("grows", "p0"), ("quiet", "p0"), ("grows", "p1")}
    # A list that changes is asked from the last sweep on, however many runs lie between.
    rig.later(hours=1)
    rig.sync(*streams)
    rig.change("list", "quiet", updated=text(rig.now))
    rig.later(hours=1)
    rig.sync(*streams)
    assert ("quiet", "p2") in rig.rows("list_profiles")
    rig.later(hours=21)
    rig.shop.join("list", "quiet", "p3", text(rig.now - timedelta(hours=30)))
    rig.sync(*streams)
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_sweep_that_is_cut_off_goes_on_and_loses_no_member_that_shows_late(cut):
    rig = Rig()
    for number in range(6):
        rig.put("list", f"L{number}", name="", updated=ago(days=90))
        rig.put("profile", f"p{number}", email="", updated=ago(days=90))
        rig.shop.join("list", f"L{number}", f"p{number}", ago(days=60))
    streams = ("lists", "list_profiles")
    rig.sync(*streams)
    rig.later(hours=20)
    for number in range(6):
        rig.shop.join("list", f"L{number}", f"p{(number + 1) % 6}", text(rig.now - timedelta(days=3)))
    rig.later(hours=4)
    rig.sandbox.faults.add(Fault("error", on=frozenset({cut}), value=400, path="/api/lists/*/profiles"))
    rig.sync(*streams, retry=0)
    rig.sandbox.reset()
    rig.later(hours=1)
    assert not rig.sync(*streams).failures
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")
