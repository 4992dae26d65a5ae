"""What is made once for all shops of a seed: what happens in one of them does not happen in the others."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime

import pytest

from tap_klaviyo.sandbox import Resource, Shop
from tap_klaviyo.sandbox.shop.store import ordered

LATER = "2026-01-01T00:00:00+00:00"
KINDS = ("campaign", "event", "flow", "list", "metric", "profile", "segment", "tag", "template")


def held(shop):
    rows = {kind: [(one.id, one.attributes, one.relationships) for one in shop.resources(kind)] for kind in KINDS}
    groups = {kind: sorted(shop.memberships(kind)) for kind in ("list", "segment")}
    return json.loads(json.dumps([rows, groups]))


def test_a_shop_is_its_own():
    shop = Shop(events=30, profiles=10)
    before = held(shop)
    first, second = (one.id for one in shop.resources("profile")[:2])
    for kind in ("list", "segment"):
        renamed, *groups = shop.resources(kind)
        shop.update(kind, renamed.id, name="other")
        for group in groups:
            shop.join(kind, group.id, first, LATER)
    shop.update("profile", first, email="other@example.com")
    shop.delete("profile", second)
    shop.delete("flow", shop.resources("flow")[0].id)
    shop.put("tag", Resource("tag", "new", {"name": "new"}))
    after = held(shop)
    assert after != before
    assert held(Shop(events=30, profiles=10)) == before
    assert held(shop) == after, "members are counted in place"


@pytest.mark.parametrize("name", ["datetime", "timestamp"])
def test_events_have_the_order_that_a_sorted_list_would_have(name):
    shelf = Shop(events=300, profiles=10).shelf("event")
    order = shelf.order(name)
    expected = [(key, event_id) for key, event_id, _ in ordered(shelf, name)]

    assert [(key, event_id) for key, event_id, _ in order] == expected
    assert [(key, event_id) for key, event_id, _ in order[7:250:3]] == expected[7:250:3]


def test_an_event_says_of_a_field_what_the_whole_row_says():
    for event in Shop(events=60, profiles=10).resources("event"):
        whole = Resource("event", event.id, event.attributes)
        for name in ("id", "timestamp", "uuid", "event_properties.$event_id", "nothing"):
            assert event.own_values(name) == whole.own_values(name)


@pytest.mark.parametrize("kind", ["list", "segment"])
def test_members_and_groups_know_each_other(kind):
    shop = Shop(events=0, profiles=40)
    people = {one.id: shop.related(one, f"{kind}s") for one in shop.resources("profile")}
    for group in shop.resources(kind):
        assert shop.related(group, "profiles") == [one for one in sorted(people) if group.id in people[one]]
    assert any(people.values())


def test_in_bursts_most_events_fall_into_a_few_hours():
    def hours(*, bursts):
        events = Shop(events=1000, profiles=10, bursts=bursts).resources("event")
        moments = (datetime.fromisoformat(one.attributes["datetime"]) for one in events)
        return Counter(moment.strftime("%F %H") for moment in moments).most_common(40)

    assert sum(count for _, count in hours(bursts=True)) > 700
    assert sum(count for _, count in hours(bursts=False)) < 200
