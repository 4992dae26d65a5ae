"""Each bad request is a 400 that names the parameter at fault."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tests.sandbox.callers import REVISION, get

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 8, 1, 12, 0, 30, tzinfo=UTC)

BAD = [
    # query string
    ("/api/lists?limit=3", "limit"),
    ("/api/lists?sort=name&sort=name", "sort"),
    ("/api/lists?sort=", "sort"),
    ("/api/lists?sort", "sort"),
    ("/api/lists?sort=%zz", "sort"),
    ("/api/lists?filter=%ff", "filter"),
    ("/api/accounts?sort=id", "sort"),
    ("/api/lists/X?page%5Bsize%5D=1", "page[size]"),
    ("/api/lists?revision=2026-07-15", "revision"),
    # enums
    ("/api/lists?sort=opt_in_process", "sort"),
    ("/api/lists?sort=name,created", "sort"),
    ("/api/lists?include=profiles", "include"),
    ("/api/lists?include=tags,tags", "include"),
    ("/api/lists?fields%5Blist%5D=name,nam", "fields[list]"),
    ("/api/lists?fields%5Bprofile%5D=email", "fields[profile]"),
    ("/api/profiles?additional-fields%5Bprofile%5D=everything", "additional-fields[profile]"),
    ("/api/lists?additional-fields%5Blist%5D=profile_count", "additional-fields[list]"),
    # page size
    ("/api/lists?page%5Bsize%5D=11", "page[size]"),
    ("/api/lists?page%5Bsize%5D=0", "page[size]"),
    ("/api/lists?page%5Bsize%5D=-1", "page[size]"),
    ("/api/lists?page%5Bsize%5D=ten", "page[size]"),
    ("/api/lists?page%5Bsize%5D=5.0", "page[size]"),
    ("/api/events?page%5Bsize%5D=1001", "page[size]"),
    ("/api/metrics?page%5Bsize%5D=200", "page[size]"),
    ("/api/webhooks?page%5Bcursor%5D=x", "page[cursor]"),
    # cursor
    ("/api/lists?page%5Bcursor%5D=bWFkZSB1cA", "page[cursor]"),
    ("/api/lists?page%5Bcursor%5D=%21", "page[cursor]"),
]

BAD_FILTERS = [
    # grammar
    ("lists", "name"),
    ("lists", "equals(name,['a']"),
    ("lists", "equals(name,['a'])x"),
    ("lists", "equals(name,['a]"),
    ("lists", "equals(name,[])"),
    ("lists", "and()"),
    ("lists", "and(and(equals(name,['a'])))"),
    ("lists", "or(equals(name,['a']))"),
    ("lists", "not(equals(name,['a']))"),
    ("lists", "equals(name,['a']),"),
    ("lists", "equals( name,['a'])"),
    ("lists", " equals(name,['a'])"),
    ("lists", "equals(name, ['a'] )"),
    # fields, operators, lists
    ("lists", "equals(title,'a')"),
    ("lists", "equals(name,'a')"),
    ("lists", "contains(name,'a')"),
    ("lists", "any(name,'a')"),
    ("lists", "greater-or-equal(updated,2024-01-01T00:00:00Z)"),
    ("lists", "less-than(updated,2024-01-01T00:00:00Z)"),
    ("profiles", "greater-or-equal(updated,2024-01-01T00:00:00Z)"),
    ("reviews", "greater-than(created,2024-01-01T00:00:00Z)"),
    ("reviews", "greater-or-equal(updated,2024-01-01T00:00:00Z)"),
    ("events", "any(metric_id,['X'])"),
    ("events", "equals(metric_id,[])"),
    ("events", "equals(metric_id,[X])"),
    ("events", "equals(metric_id,['X','Y')"),
    ("events", "equals(profile_id,['X'])"),
    ("events", "has(metric_id)"),
    ("events", "has(metric,'X')"),
    ("events", "equals(metric,'X')"),
    ("metrics", "greater-than(updated,2024-01-01T00:00:00Z)"),
    # types
    ("events", "greater-than(datetime,'2024-01-01T00:00:00Z')"),
    ("events", "greater-than(datetime,2024-01-01)"),
    ("events", "greater-than(datetime,2024-01-01T00:00:00)"),
    ("events", "greater-than(datetime,2024-01-01 00:00:00Z)"),
    ("events", "greater-than(datetime,2024-01-01T00:00:00.5Z)"),
    ("events", "greater-than(datetime,2024-02-30T00:00:00Z)"),
    ("events", "greater-than(datetime,2024-01-01T00:00:00+0000)"),
    ("events", "greater-than(timestamp,2024-01-01T00:00:00Z)"),
    ("events", "greater-than(timestamp,'5')"),
    ("events", "equals(profile_id,RESQ6t)"),
    ("lists", "any(id,[abc])"),
    ("segments", "equals(is_active,'true')"),
    ("segments", "equals(is_active,True)"),
    ("segments", "equals(is_active,1)"),
    ("reviews", "equals(rating,4.5)"),
    ("reviews", "greater-or-equal(rating,4),less-or-equal(rating,3)"),
    ("reviews", "equals(rating,'4')"),
    ("reviews", "equals(review_type,'essay')"),
    # required
    ("campaigns", None),
    ("campaigns", "equals(archived,true)"),
    ("campaigns", "equals(messages.channel,'push')"),
    ("campaigns", "any(messages.channel,['email'])"),
    ("coupon-codes", None),
    ("coupon-codes", "equals(status,'USED')"),
    ("coupon-codes", "equals(profile.id,'X')"),
    # bounds
    ("events", "greater-than(datetime,2027-01-01T00:00:00Z)"),
    ("events", "greater-than(datetime,2026-08-01T12:00:28Z)"),
    ("events", "greater-or-equal(timestamp,1785585629)"),
    ("profiles", "greater-than(updated,2026-08-01T12:00:30Z)"),
    ("events", "greater-than(datetime,2024-01-02T00:00:00Z),less-than(datetime,2024-01-01T00:00:00Z)"),
    ("events", "greater-or-equal(datetime,2024-01-01T00:00:00Z),less-or-equal(datetime,2024-01-01T00:00:00Z)"),
    ("events", "greater-or-equal(timestamp,1700000000),less-than(timestamp,1700000000)"),
    ("profiles", "and(greater-than(updated,2024-01-01T00:00:00Z),less-than(updated,2024-01-01T00:00:00Z))"),
]

GOOD_FILTERS = [
    ("lists", 'equals(name,["a"])'),
    ("lists", "any(name,['a', 'b'])"),
    ("lists", "any(id,['a']),greater-than(updated,2024-01-01T00:00:00Z)"),
    ("lists", "equals(name,['it\\'s, (so) [far] \"good\"'])"),
    ("campaigns", 'and(equals(messages.channel,"sms"),equals(archived,true))'),
    ("campaigns", "equals(messages.channel,'email'),greater-than(scheduled_at,2027-01-01T00:00:00Z)"),
    ("events", "greater-than(datetime,2026-08-01T12:00:27Z)"),
    ("events", "greater-or-equal(datetime,2024-01-01T00:00:00Z),less-than(datetime,2024-01-01T00:00:01Z)"),
    ("events", "less-than(datetime,2030-01-01T00:00:00+02:00),has(profile)"),
    ("events", "greater-than(timestamp,1700000000.5)"),
    ("coupon-codes", "any(coupon.id,['SUMMER0','SUMMER1'])"),
    ("coupon-codes", "equals(coupon.id,'10OFF')"),
    ("reviews", "equals(rating,4)"),
]


@pytest.fixture
def strict(shop: Shop) -> Sandbox:
    return Sandbox(shop, now=lambda: NOW)


def refusal(sandbox: Sandbox, target: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    status, body = get(sandbox, target, **(headers or {}))
    (error,) = body["errors"]
    assert error["status"] == status
    return dict(error)


@pytest.mark.parametrize(("target", "parameter"), BAD)
def test_a_bad_parameter_is_named(strict: Sandbox, target: str, parameter: str) -> None:
    error = refusal(strict, target)

    assert (error["status"], error["code"], error["source"]) == (400, "invalid", {"parameter": parameter})
    assert strict.refused == 1


@pytest.mark.parametrize(("path", "text"), BAD_FILTERS)
def test_a_bad_filter_is_refused(strict: Sandbox, path: str, text: str | None) -> None:
    error = refusal(strict, f"/api/{path}" if text is None else f"/api/{path}?filter={quote(text)}")

    assert (error["status"], error["code"], error["source"]) == (400, "invalid", {"parameter": "filter"})


@pytest.mark.parametrize(("path", "text"), GOOD_FILTERS)
def test_a_good_filter_is_answered(strict: Sandbox, path: str, text: str) -> None:
    assert get(strict, f"/api/{path}?filter={quote(text)}")[0] == 200
    assert strict.refused == 0


def test_a_raw_plus_is_a_blank(strict: Sandbox) -> None:
    target = "/api/events?filter=greater-than(datetime,2024-01-01T00:00:00{}00:00)"

    assert refusal(strict, target.format("+"))["source"] == {"parameter": "filter"}
    assert get(strict, target.format("%2B"))[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        ("sort=updated", "sort=-updated"),
        ("size%5D=2", "size%5D=3"),
        ("fields%5Blist%5D=name", "fields%5Blist%5D=name,created"),
        ("01T00:00:00Z", "02T00:00:00Z"),
        ("fields%5Blist%5D=name&", ""),
        ("/lists", "/segments"),
    ],
)
def test_a_cursor_is_good_for_its_own_request_only(strict: Sandbox, change: tuple[str, str]) -> None:
    asked = "filter=greater-than(updated,2024-01-01T00:00:00Z)&fields%5Blist%5D=name&page%5Bsize%5D=2&sort=updated"
    following = get(strict, f"/api/lists?{asked}")[1]["links"]["next"]
    edited = following.replace(*change)
    if change[1] == "/segments":
        edited = edited.replace("fields%5Blist%5D", "fields%5Bsegment%5D")

    assert get(strict, following)[0] == 200
    assert edited != following
    error = refusal(strict, edited)
    assert (error["detail"], error["source"]) == ("Invalid cursor provided.", {"parameter": "page[cursor]"})


def test_a_metric_without_events_is_said_not_to_exist(strict: Sandbox) -> None:
    listed = next(row.id for row in strict.shop.resources("metric") if row.attributes["name"] == "Closed Form")
    for metric_id in (listed, "NOPE"):
        error = refusal(strict, f"/api/events?filter=equals(metric_id,'{metric_id}')")
        assert (error["status"], error["detail"]) == (400, f"Metric IDs ['{metric_id}'] do not exist.")


def test_events_of_several_metrics(strict: Sandbox) -> None:
    shop = strict.shop
    counted = Counter(shop.related(event, "metric")[0] for event in shop.resources("event"))
    (first, many), (second, more) = counted.most_common(2)
    status, body = get(strict, f'/api/events?filter=equals(metric_id,["{first}","{second}"])&page[size]=1000')
    assert (status, len(body["data"])) == (200, many + more)
    asked = f"/api/events?filter=equals(metric_id,['NOPE','{first}','NONE'])"
    assert refusal(strict, asked)["detail"] == "Metric IDs ['NOPE', 'NONE'] do not exist."


def test_a_url_has_a_length(strict: Sandbox) -> None:
    ids = ",".join(f"'{number:026}'" for number in range(300))

    assert get(strict, f"/api/lists?filter=any(id,[{ids}])")[0] == 414


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/api/lists/none", 404),
        ("GET", "/api/lists/none/profiles", 404),
        ("GET", "/api/lists/none/relationships/profiles", 404),
        ("POST", "/api/lists", 405),
        ("DELETE", "/api/lists/X", 405),
    ],
)
def test_what_is_not_there(strict: Sandbox, method: str, path: str, status: int) -> None:
    assert strict.handle(method, path, REVISION)[0] == status


@pytest.mark.parametrize(
    "key", ["", "pk_1", "Klaviyo-API-Key", "Klaviyo-API-Key  pk_1", "Basic pk_1", "Klaviyo-API-Key wrong"]
)
def test_a_missing_or_wrong_key_is_a_401(shop: Shop, key: str) -> None:
    sandbox = Sandbox(shop, access=Access(require_key=True, wrong_keys={"wrong"}))

    assert refusal(sandbox, "/api/lists", {"authorization": key})["status"] == 401
    assert get(sandbox, "/api/lists", authorization="Klaviyo-API-Key pk_1")[0] == 200
    assert get(sandbox, "/api/lists", authorization="Bearer token")[0] == 200


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        ("/api/lists", None),
        ("/api/lists?include=tags", "tags:read"),
        ("/api/lists?include=flow-triggers", "flows:read"),
        ("/api/lists/X/profiles", "profiles:read"),
        ("/api/events", "events:read"),
    ],
)
def test_a_missing_scope_is_a_403_that_names_it(shop: Shop, target: str, missing: str | None) -> None:
    sandbox = Sandbox(shop, access=Access(scopes={"pk_1": {"lists:read"}}))
    status, body = get(sandbox, target, authorization="Klaviyo-API-Key pk_1")

    if missing is None:
        assert status == 200
    else:
        (error,) = body["errors"]
        assert (status, error["code"]) == (403, "permission_denied")
        assert missing in error["detail"]


def test_webhooks_may_need_more_than_a_scope(shop: Shop) -> None:
    sandbox = Sandbox(shop, access=Access(without_webhooks={"pk_1"}))
    error = refusal(sandbox, "/api/webhooks", {"authorization": "Klaviyo-API-Key pk_1"})

    assert (error["status"], error["detail"]) == (403, "You must have Advanced KDP enabled")
