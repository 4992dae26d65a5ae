"""Filters, sorts and pages against brute force over the shop's own rows."""

from __future__ import annotations

import itertools
import operator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Behaviour, Fault, Resource, Sandbox, Shop
from tap_klaviyo.sandbox.document import load
from tests.sandbox.callers import get, pages, rows, targets

SMALL = Shop(2, events=700, profiles=90)
COMPARE = {
    "greater-than": operator.gt,
    "greater-or-equal": operator.ge,
    "less-than": operator.lt,
    "less-or-equal": operator.le,
}
DOCUMENT = load("2026-07-15")
LISTS = [one.path for one in DOCUMENT.operations() if one.collection and "{" not in one.path]
SORTED = [
    (one.path, sort)
    for one in DOCUMENT.operations()
    if one.collection and "sort" in one.parameters
    for sort in one.choices("sort") or ()
]
DATED = [
    (one.path, name, [known for known in facts["operators"]["single"] if known in COMPARE])
    for one in DOCUMENT.operations()
    for name, facts in one.filters.items()
    if "{" not in one.path and facts.get("value", {}).get("format") == "date-time"
]


def moment(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, int):
        return datetime.fromtimestamp(value, UTC)
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def values(resource: Resource, name: str) -> list[Any]:
    """Every value of a dotted attribute, through lists."""
    if name == "id":
        return [resource.id]
    if name in resource.hidden:
        return [resource.hidden[name]]
    found: list[Any] = [resource.attributes]
    for part in name.split("."):
        found = [one.get(part) for one in found if one is not None]
        found = list(itertools.chain.from_iterable(one if isinstance(one, list) else [one] for one in found))
    return [one for one in found if one is not None]


def moments(resource: Resource, name: str) -> list[datetime]:
    return [found for found in map(moment, values(resource, name)) if found is not None]


def listed(path: str, query: str = "") -> list[str]:
    """The ids that a list answers with, of campaigns those of every channel and archive."""
    sandbox = Sandbox(SMALL)
    extra = [""]
    if path == "/api/campaigns":
        extra = [
            f"equals(messages.channel,'{channel}'),equals(archived,{archived})"
            for channel in ("email", "sms", "mobile_push")
            for archived in ("true", "false")
        ]
    elif path == "/api/coupon-codes":
        coupons = ",".join(f"'{coupon.id}'" for coupon in SMALL.resources("coupon"))
        extra = [f"any(coupon.id,[{coupons}])"]
    elif path == "/api/flows":
        extra = ["equals(archived,true)", "equals(archived,false)"]
    elif path == "/api/images" and "hidden" not in query:
        extra = ["equals(hidden,true)", "equals(hidden,false)"]
    elif path == "/api/reviews" and "status" not in query:
        extra = ["equals(status,'all')"]
    found = []
    for one in extra:
        text = ",".join(part for part in (one, query) if part)
        found += [row["id"] for row in rows(sandbox, f"{path}?filter={quote(text)}" if text else path)]
    return found


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_every_row_once(path: str) -> None:
    expected = [resource.id for resource in SMALL.resources(DOCUMENT.operation("get", path).shape.type)]

    assert sorted(listed(path)) == expected


@given(st.data())
def test_bounds_agree_with_brute_force(data: st.DataObject) -> None:
    path, name, operators = data.draw(st.sampled_from(DATED))
    resources = SMALL.resources(DOCUMENT.operation("get", path).shape.type)
    past = sorted({one for row in resources for one in moments(row, name) if one < datetime(2026, 7, 1, tzinfo=UTC)})
    around = st.sampled_from(past or [datetime(2024, 1, 1, tzinfo=UTC)]).map(lambda one: one.replace(microsecond=0))
    bounds = data.draw(st.lists(st.tuples(st.sampled_from(operators), around), min_size=1, max_size=2))
    bounds = [(known, at + timedelta(seconds=data.draw(st.integers(-1, 1)))) for known, at in bounds]
    lowest = max((at for known, at in bounds if known.startswith("greater")), default=None)
    highest = min((at for known, at in bounds if known.startswith("less")), default=None)
    if lowest and highest and highest - lowest < timedelta(seconds=1):
        return

    text = ",".join(f"{known}({name},{at:%Y-%m-%dT%H:%M:%SZ})" for known, at in bounds)
    found = listed(path, text)

    expected = [
        row.id
        for row in resources
        if all(any(COMPARE[known](v, at) for v in moments(row, name)) for known, at in bounds)
    ]
    assert sorted(found) == expected


@pytest.mark.parametrize(
    ("path", "text", "meets"),
    [
        ("/api/reviews", "any(rating,[1,5])", lambda row: row.attributes["rating"] in {1, 5}),
        ("/api/reviews", "greater-or-equal(rating,4)", lambda row: (row.attributes["rating"] or 0) >= 4),
        (
            "/api/reviews",
            "equals(status,'rejected')",
            lambda row: (row.attributes["status"] or {}).get("value") == "rejected",
        ),
        ("/api/reviews", "equals(status,'all')", lambda _: True),
        ("/api/reviews", "contains(content,'NO. 21')", lambda row: "no. 21" in (row.attributes["content"] or "")),
        (
            "/api/images",
            "less-than(size,1100),equals(hidden,false)",
            lambda row: row.attributes["size"] < 1100 and not row.attributes["hidden"],
        ),
        ("/api/segments", "equals(is_active,[false])", lambda row: not row.attributes["is_active"]),
        ("/api/tags", "starts-with(name,'tag 1')", lambda row: row.attributes["name"].startswith("tag 1")),
        ("/api/tags", "ends-with(name,'7')", lambda row: row.attributes["name"].endswith("7")),
        ("/api/tag-groups", "equals(exclusive,true)", lambda row: row.attributes["exclusive"]),
        ("/api/profiles", "equals(external_id,'crm-5')", lambda row: row.attributes["external_id"] == "crm-5"),
        (
            "/api/profiles",
            "any(email,['person1@example.com','person2@example.com'])",
            lambda row: row.attributes["email"] in {"person1@example.com", "person2@example.com"},
        ),
        (
            "/api/profiles",
            "equals(subscriptions.email.marketing.suppression.reason,'SPAM_COMPLAINT')",
            lambda row: "SPAM_COMPLAINT" in values(row, "subscriptions.email.marketing.suppression.reason"),
        ),
        (
            "/api/metrics",
            "equals(integration.name,'Shopify')",
            lambda row: "Shopify" in values(row, "integration.name"),
        ),
        ("/api/events", "has(profile)", lambda row: row.relationships["profile"] is not None),
        ("/api/coupon-codes", "equals(status,'USED')", lambda row: row.attributes["status"] == "USED"),
        (
            "/api/catalog-variants",
            "equals(item.id,'$custom:::$default:::SAMPLE-ITEM-8')",
            lambda row: row.relationships["item"].endswith("-8"),
        ),
        ("/api/push-tokens", "equals(platform,'ios')", lambda row: row.attributes["platform"] == "ios"),
        ("/api/flows", "equals(trigger_type,'Metric')", lambda row: row.attributes["trigger_type"] == "Metric"),
        ("/api/campaigns", "equals(status,'Sent')", lambda row: row.attributes["status"] == "Sent"),
        (
            "/api/catalog-item-bulk-create-jobs",
            "equals(status,'queued')",
            lambda row: row.attributes["status"] == "queued",
        ),
    ],
)
def test_other_filters_agree_with_brute_force(path: str, text: str, meets: Any) -> None:
    expected = [row.id for row in SMALL.resources(DOCUMENT.operation("get", path).shape.type) if meets(row)]

    assert sorted(listed(path, text)) == expected
    assert expected


@pytest.mark.parametrize("field", ["metric", "profile"])
def test_events_of_one_metric_or_profile(field: str) -> None:
    wanted = SMALL.resources("event")[3].relationships[field]
    expected = [row.id for row in SMALL.resources("event") if row.relationships[field] == wanted]

    assert sorted(listed("/api/events", f"equals({field}_id,'{wanted}')")) == expected


def test_suppressions_count_when_any_of_them_matches() -> None:
    name = "subscriptions.email.marketing.suppression.timestamp"
    several = next(row for row in SMALL.resources("profile") if len(set(moments(row, name))) > 1)
    for at in moments(several, name):
        bounds = (("greater-or-equal", at), ("less-or-equal", at + timedelta(seconds=1)))
        text = ",".join(f"{known}({name},{bound:%Y-%m-%dT%H:%M:%SZ})" for known, bound in bounds)
        assert several.id in listed("/api/profiles", text)


@pytest.mark.parametrize(("path", "sort"), SORTED)
def test_every_sort_is_kept_over_pages(path: str, sort: str) -> None:
    sandbox = Sandbox(SMALL, behaviour=Behaviour(cursors_without_ids=False))
    name = sort.removeprefix("-")
    operation = DOCUMENT.operation("get", path)
    target = targets(sandbox, operation)[0]
    size = "page%5Bsize%5D=7&" if "page[size]" in operation.parameters else ""
    answered = [row["id"] for row in rows(sandbox, target.replace("?", f"?{size}sort={sort}&").rstrip("&"))]
    keys = [_key(_resource(target, operation.shape.type, row_id), name, largest=sort != name) for row_id in answered]

    assert keys == sorted(keys, reverse=sort != name)
    assert len(set(answered)) == len(answered)


def _resource(target: str, kind: str, row_id: str) -> Resource:
    parts = target.partition("?")[0].split("/")
    group = parts[2].removesuffix("s")
    shelf = SMALL.members(group, parts[3]) if parts[-1] == "profiles" and len(parts) > 3 else SMALL.shelf(kind)
    resource = shelf.get(row_id)
    assert resource is not None
    return resource


def _key(resource: Resource, name: str, *, largest: bool) -> Any:
    found = values(resource, name)
    if name.endswith(("created", "updated", "_at", "timestamp", "datetime")):
        found = [one.timestamp() for one in moments(resource, name)]
    return (bool(found), (max if largest else min)(found) if found else 0)


def test_a_date_that_is_none_comes_first_and_is_within_no_bound() -> None:
    shop = Shop.empty()
    for row_id, updated in (("1", "2025-01-02T00:00:00"), ("2", "soon"), ("3", 5.5), ("4", None)):
        shop.put("list", Resource("list", row_id, {"name": row_id, "updated": updated}))
    sandbox = Sandbox(shop)

    def found(query: str) -> list[str]:
        return [row["id"] for row in rows(sandbox, f"/api/lists?{query}")]

    assert found("sort=updated") == ["2", "3", "4", "1"]
    for bound in ("greater-than(updated,1900-01-01T00:00:00Z)", "any(id,['1','2','3','4'])"):
        text = quote(f"{bound},greater-than(updated,1950-01-01T00:00:00Z)" if "any" in bound else bound)
        assert found(f"filter={text}&sort=name") == ["1"]


@pytest.mark.parametrize("size", [1, 3, 100, 1000])
def test_ties_over_page_edges_are_neither_lost_nor_repeated(shop: Shop, size: int) -> None:
    bounds = "filter=less-than(datetime,2023-10-01T00:00:00Z)" if size < 100 else "sort=datetime"
    found = [row["id"] for row in rows(Sandbox(shop), f"/api/events?{bounds}&page%5Bsize%5D={size}")]
    edge = datetime(2023, 10, 1, tzinfo=UTC)
    expected = {
        one.id for one in shop.resources("event") if size >= 100 or (moment(one.attributes["datetime"]) or edge) < edge
    }

    assert len(found) == len(expected)
    assert set(found) == expected


def test_archived_email_campaigns_come_slightly_out_of_order(sandbox: Sandbox) -> None:
    def expected() -> list[str]:
        campaigns = sandbox.shop.resources("campaign")
        wanted = [row for row in campaigns if row.attributes["archived"] and row.hidden["messages.channel"] == "email"]
        return sorted(row.attributes["updated_at"] for row in wanted)

    def updated(archived: str) -> list[str]:
        text = quote(f"equals(messages.channel,'email'),equals(archived,{archived})")
        found = rows(sandbox, f"/api/campaigns?filter={text}&sort=updated_at&page%5Bsize%5D=50")
        return [row["attributes"]["updated_at"] for row in found]

    assert updated("false") == sorted(updated("false"))
    assert updated("true") != sorted(updated("true"))
    assert sorted(updated("true")) == expected()


def test_links_are_absolute_and_of_the_caller(sandbox: Sandbox) -> None:
    origins = {
        "sandbox://shop/api/tags?sort=name": "sandbox://shop/api/tags?sort=name",
        "sandbox:///api/tags?sort=name": "sandbox:///api/tags?sort=name",
        "http://127.0.0.1:99/api/tags?sort=name": "http://127.0.0.1:99/api/tags?sort=name",
        "/api/tags?sort=name": "sandbox://shop/api/tags?sort=name",
    }
    for target, expected in origins.items():
        page = get(sandbox, target)[1]
        assert page["links"]["self"] == expected
        assert page["links"]["next"].startswith(f"{expected}&page%5Bcursor%5D=")
        assert page["data"][0]["links"]["self"].startswith(expected.partition("?")[0])
    assert get(sandbox, "/api/tags", host="localhost:7")[1]["links"]["self"] == "http://localhost:7/api/tags"


def test_a_row_that_moves_while_being_paged_is_met_again_and_costs_no_other() -> None:
    moving = Shop(2, events=0, profiles=60)
    sandbox = Sandbox(moving)
    target = "/api/profiles?sort=updated&page%5Bsize%5D=20"
    seen = []
    for number, page in enumerate(pages(sandbox, target)):
        seen += [row["id"] for row in page["data"]]
        if number == 0:
            moving.update("profile", seen[0], updated="2025-12-01T00:00:00+00:00")
            moving.delete("profile", seen[1])
            moving.delete("profile", page["data"][-1]["id"])

    assert seen.count(seen[0]) == 2
    assert len(set(seen)) == 60
    assert len(moving.resources("profile")) == 58


@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.sampled_from("\"'"))
def test_a_quoted_string_means_itself(name: str, quote_sign: str) -> None:
    shop = Shop.empty()
    shop.put("tag", Resource("tag", "1", {"name": name}))
    shop.put("tag", Resource("tag", "2", {"name": name + "x"}))
    written = name.replace("\\", "\\\\").replace(quote_sign, f"\\{quote_sign}")
    text = f"equals(name,{quote_sign}{written}{quote_sign})"

    assert [row["id"] for row in rows(Sandbox(shop), f"/api/tags?filter={quote(text)}")] == ["1"]


def test_reviews_that_are_not_shown_come_when_all_are_asked_for() -> None:
    sandbox = Sandbox(SMALL)
    shown = {row["attributes"]["status"]["value"] for row in rows(sandbox, "/api/reviews")}

    assert shown == {"published", "featured"}
    assert len(rows(sandbox, "/api/reviews?filter=equals(status,'all')")) == len(SMALL.resources("review"))


def test_exclusive_bounds_may_be_loose() -> None:
    sandbox = Sandbox(SMALL)
    at = datetime.fromisoformat(SMALL.resources("list")[0].attributes["updated"])
    target = f"/api/lists?filter=greater-than(updated,{at:%Y-%m-%dT%H:%M:%SZ})"
    strict = {row["id"] for row in rows(sandbox, target)}
    sandbox.faults.add(Fault("loose-bounds", rate=1))
    loose = {row["id"] for row in rows(sandbox, target)}

    equal = {row.id for row in SMALL.resources("list") if row.attributes["updated"] == at.isoformat()}
    assert loose - strict == equal
    assert SMALL.resources("list")[0].id in equal


def test_many_threads_read_relationships_while_one_writes() -> None:
    busy = Shop(3, events=0, profiles=60)
    sandbox = Sandbox(busy)
    token = busy.resources("push-token")[0]

    def read(_: int) -> int:
        return len(rows(sandbox, "/api/profiles?include=push-tokens,conversations&page%5Bsize%5D=20"))

    with ThreadPoolExecutor(24) as pool:
        reading = pool.map(read, range(48))
        for number in range(300):
            busy.put("push-token", Resource("push-token", f"new{number}", token.attributes, token.relationships))
        found = list(reading)

    assert found == [60] * 48


def test_many_threads_read_while_one_writes() -> None:
    busy = Shop(3, events=300, profiles=120)
    sandbox = Sandbox(busy)
    ids = {row.id for row in busy.resources("profile")}

    def read(_: int) -> set[str]:
        return {row["id"] for row in rows(sandbox, "/api/profiles?sort=updated&page%5Bsize%5D=10")}

    with ThreadPoolExecutor(24) as pool:
        reading = pool.map(read, range(48))
        for number, row_id in enumerate(sorted(ids)):
            busy.update("profile", row_id, updated=f"2025-08-01T00:{number // 60:02}:{number % 60:02}+00:00")
        found = list(reading)

    assert found == [ids] * 48
