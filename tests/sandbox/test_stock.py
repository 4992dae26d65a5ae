"""What is made once for all shops of a seed: what happens in one of them does not happen in the others."""

from __future__ import annotations

import json

from tap_klaviyo.sandbox import Resource, Shop

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
