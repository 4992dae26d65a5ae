"""As recorded, or as the document says: each switch both ways."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tap_klaviyo.sandbox import Access, Behaviour, Fault, Resource, Sandbox, Shop
from tap_klaviyo.sandbox.__main__ import made
from tap_klaviyo.sandbox.behaviour import SWITCHES
from tests.sandbox.callers import NEWER, OLDER, REVISION, get, pages, rows

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PRIVATE = {"authorization": "Klaviyo-API-Key pk_1"}
TIED = "2024-05-01T10:00:00+00:00"


def sandbox_of(shop: Shop, **switches: bool) -> Sandbox:
    return Sandbox(shop, behaviour=Behaviour(**switches), now=lambda: NOW)


def kept(row: dict[str, Any], name: str) -> Any:
    """Return a relationship's linkage, or that it has none, or that it is not there."""
    relationship = row.get("relationships", {}).get(name)
    return "absent" if relationship is None else relationship.get("data", "bare")


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("revision", [OLDER, NEWER])
def test_profiles_have_attributes_that_no_document_lists(shop: Shop, revision: str, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, unlisted_attributes=recorded)
    unlisted = {"anonymous_id", "whatsapp_bsuid"}
    list_id = next(row.id for row in shop.resources("list") if len(shop.members("list", row.id)))
    whole = [
        *rows(sandbox, "/api/profiles?page%5Bsize%5D=100", revision),
        *rows(sandbox, f"/api/lists/{list_id}/profiles", revision),
        *next(pages(sandbox, "/api/push-tokens?include=profile", revision))["included"],
    ]
    sparse = rows(sandbox, "/api/profiles?fields%5Bprofile%5D=email", revision)

    assert {unlisted <= set(row["attributes"]) for row in whole} == {recorded}
    assert not any(unlisted & set(row["attributes"]) for row in sparse)
    assert get(sandbox, "/api/profiles?fields%5Bprofile%5D=anonymous_id", revision=revision)[0] == 400


def test_consent_to_tracking_of_clicks_stands_beside_that_of_opens(shop: Shop) -> None:
    asked = "/api/profiles?additional-fields%5Bprofile%5D=subscriptions&page%5Bsize%5D=100"
    emails = [row["attributes"]["subscriptions"]["email"] for row in rows(sandbox_of(shop), asked, NEWER)]
    both = [one for one in emails if one and one["click_tracking"] and one["open_tracking"]]

    assert both
    assert all(set(one["click_tracking"]) == set(one["open_tracking"]) for one in both)


@pytest.mark.parametrize("recorded", [True, False])
def test_hidden_images_come_when_asked_for(shop: Shop, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, hidden_images=recorded)

    def hidden(query: str) -> set[bool]:
        return {row["attributes"]["hidden"] for row in rows(sandbox, f"/api/images{query}", NEWER)}

    assert hidden("") == ({False} if recorded else {False, True})
    assert hidden("?filter=equals(hidden,true)") == {True}
    assert hidden("?filter=equals(hidden,false)") == {False}


@pytest.mark.parametrize("recorded", [True, False])
def test_where_a_classic_message_says_its_template(shop: Shop, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, message_templates=recorded)
    target = "/api/campaigns?include=campaign-messages&filter=equals(messages.channel,'email')"
    page = get(sandbox, target)[1]
    own = [
        message
        for row in page["data"][:30]
        for message in rows(sandbox, f"/api/campaigns/{row['id']}/campaign-messages")
    ]
    asked = f"/api/campaigns/{page['data'][0]['id']}/campaign-messages?include=template"

    assert all((kept(one, "template") == "bare") is recorded for one in page["included"])
    if recorded:
        assert None in [kept(one, "template") for one in own]
        assert "bare" not in [kept(one, "template") for one in own]
    else:
        assert all(kept(one, "template") == "bare" for one in own)
    assert all(kept(one, "template") != "bare" for one in rows(sandbox, asked))


@pytest.mark.parametrize("recorded", [True, False])
def test_an_event_without_attribution_has_no_such_relationship(shop: Shop, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, absent_attributions=recorded)
    included = [
        kept(row, "attributions") for row in rows(sandbox, "/api/events?include=attributions&page%5Bsize%5D=1000")
    ]
    plain = [kept(row, "attributions") for row in rows(sandbox, "/api/events?page%5Bsize%5D=1000")]

    assert ("absent" in included, "absent" in plain) == (recorded, recorded)
    assert ([] in included) is not recorded
    assert any(isinstance(one, list) and one for one in included)
    assert "bare" in plain
    assert not any("$attribution" in (row.attributes["event_properties"] or ()) for row in shop.resources("event"))


@pytest.mark.parametrize("recorded", [True, False])
def test_relationships_may_be_there_in_part(shop: Shop, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, partial_relationships=recorded)
    mapped = rows(sandbox, "/api/mapped-metrics?include=metric,custom-metric")
    links = [row["relationships"][name]["links"] for row, name in bulk_jobs(sandbox)]
    messages = [
        message
        for campaign in get(sandbox, "/api/campaigns?filter=equals(messages.channel,'email')")[1]["data"][:5]
        for message in rows(sandbox, f"/api/campaigns/{campaign['id']}/campaign-messages")
    ]

    assert {"relationships" in row for row in mapped} == ({True, False} if recorded else {True})
    assert {"self" in one for one in links} == {not recorded}
    assert all("related" in one for one in links)
    assert {kept(one, "image") for one in messages} == {None if recorded else "bare"}


def bulk_jobs(sandbox: Sandbox) -> list[tuple[dict[str, Any], str]]:
    return [
        *((row, "profiles") for row in rows(sandbox, "/api/profile-bulk-import-jobs")),
        *((row, "items") for row in rows(sandbox, "/api/catalog-item-bulk-create-jobs")),
    ]


@pytest.mark.parametrize("recorded", [True, False])
def test_sparse_forms_drop_relationships(shop: Shop, *, recorded: bool) -> None:
    sandbox = sandbox_of(shop, sparse_forms=recorded)
    sparse = rows(sandbox, "/api/forms?fields%5Bform%5D=name")

    assert {"relationships" in row for row in sparse} == {not recorded}
    assert all("relationships" in row for row in rows(sandbox, "/api/forms"))
    assert all("relationships" in row for row in rows(sandbox, "/api/tags?fields%5Btag%5D=name"))


@pytest.mark.parametrize(
    "path", ["events/NOPE01", "flow-actions/nope", "mapped-metrics/NOPE-1", "coupons/10-OFF", "flow-actions/x/flow"]
)
def test_malformed_ids(shop: Shop, path: str) -> None:
    assert get(sandbox_of(shop), f"/api/{path}")[0] == 400
    assert get(sandbox_of(shop, malformed_ids=False), f"/api/{path}")[0] == 404


@pytest.mark.parametrize(
    "path", ["events/3qvdbYg3", "flow-actions/1", "mapped-metrics/unknown_one", "coupons/10OFF", "lists/NO-NO"]
)
def test_ids_that_could_be_and_are_not(shop: Shop, path: str) -> None:
    assert get(sandbox_of(shop), f"/api/{path}")[0] == 404


@pytest.mark.parametrize("path", ["webhooks", "webhook-topics"])
def test_webhooks_refuse_private_keys(shop: Shop, path: str) -> None:
    sandbox = sandbox_of(shop)
    status, body = get(sandbox, f"/api/{path}", **PRIVATE)

    assert (status, body["errors"][0]["detail"]) == (403, "You must have Advanced KDP enabled")
    assert get(sandbox, f"/api/{path}", authorization="Bearer token")[0] == 200
    assert get(sandbox, "/api/lists", **PRIVATE)[0] == 200
    assert get(sandbox_of(shop, advanced_kdp=False), f"/api/{path}", **PRIVATE)[0] == 200
    lacking = Sandbox(shop, access=Access(without_webhooks={"token"}))
    assert get(lacking, f"/api/{path}", authorization="Bearer token")[0] == 403


def test_topics_are_of_the_account(shop: Shop) -> None:
    topics = rows(sandbox_of(shop), "/api/webhook-topics")
    ids = {row["id"] for row in topics}

    assert {"event:klaviyo.opened_email", "event:shopify.placed_order", "event:woocommerce.placed_order"} <= ids
    assert all(row["attributes"] == {} for row in topics)
    documented = rows(sandbox_of(shop, unlisted_attributes=False), "/api/webhook-topics")
    assert not any("attributes" in row for row in documented)


def test_odd_filters(shop: Shop) -> None:
    recorded, documented = sandbox_of(shop), sandbox_of(shop, odd_filters=False)
    starred, category = (
        "/api/segments?filter=equals(is_starred,true)",
        "/api/metrics?filter=equals(integration.category,",
    )
    types = "/api/forms/{}/form-versions?filter=any(form_type,['popup'])"
    form = shop.resources("form")[0].id

    assert len(rows(recorded, starred)) == len(shop.resources("segment"))
    assert {row["attributes"]["is_starred"] for row in rows(documented, starred)} == {True}
    assert rows(recorded, f"{category}'Internal')") == []
    assert rows(documented, f"{category}'Internal')")
    assert get(recorded, types.format(form))[0] == 500
    assert get(documented, types.format(form))[0] == 200
    assert get(recorded, types.format(form).replace("any(form_type,['popup'])", "equals(form_type,'popup')"))[0] == 200


def test_flows_refuse_bounds_in_the_future(shop: Shop) -> None:
    ahead = NOW + timedelta(minutes=1)
    bound = f"filter=less-than(updated,{ahead:%Y-%m-%dT%H:%M:%SZ})"

    assert get(sandbox_of(shop), f"/api/flows?{bound}")[0] == 400
    assert get(sandbox_of(shop, past_flows=False), f"/api/flows?{bound}")[0] == 200
    assert get(sandbox_of(shop), f"/api/templates?{bound}")[0] == 200


def tied(kind: str, name: str) -> Shop:
    """Return a shop with seven rows of a kind, of which those in the middle share their second."""
    shop = Shop.empty()
    for number in range(7):
        at = TIED if 1 <= number <= 5 else f"2024-0{4 + number // 3}-01T10:00:00+00:00"
        shop.put(kind, Resource(kind, f"R{number}", {name: at}))
    return shop


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("kind", "path", "field"), [("form", "forms", "updated_at"), ("web-feed", "web-feeds", "updated")]
)
def test_cursors_without_ids_lose_or_repeat_ties(kind: str, path: str, field: str, sign: str) -> None:
    shop = tied(kind, field)
    target = f"/api/{path}?sort={sign}{field}&page%5Bsize%5D=3"
    found = [row["id"] for row in rows(sandbox_of(shop), target)]
    documented = [row["id"] for row in rows(sandbox_of(shop, cursors_without_ids=False), target)]

    assert sorted(documented) == [f"R{number}" for number in range(7)]
    if kind == "form":
        assert len(found) == len(set(found)) == 4
    else:
        # what came twice is the second itself; what is over a page of ties is lost
        assert len(found) > len(set(found))
    ends = {"R0", "R6"}
    assert [one for one in found if one in ends] == (["R0", "R6"] if not sign else ["R6", "R0"])


def test_both_spellings_of_a_path_work(shop: Shop) -> None:
    sandbox = sandbox_of(shop)
    tag = shop.resources("tag")[0].id
    with_slash, without = (get(sandbox, f"/api/tags{slash}?sort=name")[1] for slash in ("/", ""))

    assert with_slash == without
    assert without["links"]["self"] == "sandbox://shop/api/tags?sort=name"
    assert without["data"][0]["links"]["self"].endswith("/")
    assert len(rows(sandbox, "/api/tags/?sort=name")) == len(shop.resources("tag"))
    assert get(sandbox, f"/api/tags/{tag}/")[1] == get(sandbox, f"/api/tags/{tag}")[1]
    documented = get(sandbox_of(shop, resource_slashes=False), f"/api/tags/{tag}")[1]
    assert documented["data"]["links"]["self"] == f"sandbox://shop/api/tags/{tag}"


def test_a_first_page_may_have_a_link_to_what_comes_before(shop: Shop) -> None:
    recorded, documented = sandbox_of(shop), sandbox_of(shop, links_before=False)
    before = get(recorded, "/api/events")[1]["links"]["prev"]

    assert get(recorded, before)[1]["data"] == get(recorded, "/api/events")[1]["data"]
    assert get(recorded, "/api/lists")[1]["links"]["prev"] is None
    assert get(documented, "/api/events")[1]["links"]["prev"] is None


def test_a_coupon_may_be_asked_for_alone(shop: Shop) -> None:
    asked = "/api/coupon-codes?filter=equals(coupon.id,'SUMMER3')"
    codes = [row.id for row in shop.resources("coupon-code") if row.relationships["coupon"] == "SUMMER3"]

    assert sorted(row["id"] for row in rows(sandbox_of(shop), asked)) == codes
    assert codes
    assert get(sandbox_of(shop), "/api/coupon-codes?filter=equals(coupon.id,SUMMER3)")[0] == 400
    assert get(sandbox_of(shop, single_coupons=False), asked)[0] == 400


@pytest.mark.parametrize("recorded", [True, False])
def test_a_threshold_comes_as_text(shop: Shop, *, recorded: bool) -> None:
    found = rows(sandbox_of(shop, text_thresholds=recorded), "/api/coupons")
    monitors = [row["attributes"]["monitor_configuration"] for row in found]

    assert {str(one["low_balance_threshold"]) for one in monitors if one} == {"10"}
    assert {type(one["low_balance_threshold"]) for one in monitors if one} == {str if recorded else int}


def test_every_response_has_a_date(shop: Shop) -> None:
    sandbox = sandbox_of(shop)
    sandbox.faults.add(Fault("html", on=frozenset({1}), path="/api/tags"))
    targets = ("/api/lists", "/api/lists?sort=x", "/api/nothing", "/api/tags", "/__control")

    assert [sandbox.handle("GET", target, REVISION)[1]["Date"] for target in targets] == [
        "Sun, 01 Nov 2026 12:00:00 GMT"
    ] * len(targets)


def test_a_429_may_say_the_seconds_in_words_alone(shop: Shop) -> None:
    sandbox = sandbox_of(shop)
    sandbox.faults.add(Fault("throttle-words", rate=1, value=12))
    status, headers, body = sandbox.handle("GET", "/api/lists", REVISION)

    assert status == 429
    assert "retry-after" not in {name.lower() for name in headers}
    assert json.loads(body)["errors"][0]["detail"] == "Request was throttled. Expected available in 12 seconds."


def test_events_have_amounts_and_currencies_of_all_kinds(shop: Shop) -> None:
    properties = [row.attributes["event_properties"] or {} for row in shop.resources("event")]
    amounts = [one["$value"] for one in properties if "$value" in one]

    assert {0, 3, "1,234.50"} <= set(amounts)
    assert any("$currency_code" in one for one in properties)
    assert any("$value_currency" in one for one in properties)
    assert any(isinstance(one.get("$extra"), dict) for one in properties)


def test_metrics_differ_in_what_they_say_of_their_integration(shop: Shop) -> None:
    metrics = [row.attributes for row in shop.resources("metric")]
    integrations = [one["integration"] for one in metrics if one["integration"]]

    assert {one.get("object") for one in integrations} == {"integration", "application", None}
    assert {type(one.get("category")) for one in integrations} == {str, dict, type(None)}
    assert {} in [one["integration"] for one in metrics]
    assert None in [one["integration"] for one in metrics]
    assert any(one["name"].endswith(" ") for one in metrics)


def test_switches_are_turned_by_name_or_all_at_once() -> None:
    behaviour = Behaviour()
    behaviour.change("documented")
    assert asdict(behaviour) == asdict(Behaviour.documented()) == dict.fromkeys(SWITCHES, False)
    behaviour.change({"hidden_images": True})
    assert [name for name, on in asdict(behaviour).items() if on] == ["hidden_images"]
    behaviour.change("recorded")
    assert behaviour == Behaviour()
    for wrong in ("sometimes", {"hidden": True}):
        with pytest.raises(KeyError):
            behaviour.change(wrong)


def test_another_process_turns_them_and_counts_rows(shop: Shop) -> None:
    sandbox = sandbox_of(shop)

    def control(order: object) -> int:
        return sandbox.handle("POST", "/__control", {}, json.dumps(order).encode())[0]

    def seen(path: str) -> Any:
        return json.loads(sandbox.handle("GET", f"/__control/revisions/{path}", {})[2])

    assert control({"behaviour": "documented"}) == 200
    assert get(sandbox, "/api/webhooks", **PRIVATE)[0] == 200
    assert control({"behaviour": {"advanced_kdp": True}}) == 200
    assert get(sandbox, "/api/webhooks", **PRIVATE)[0] == 403
    assert control({"behaviour": "odd"}) == 400
    assert seen(NEWER) == sandbox.view(NEWER).counts()
    assert [row["id"] for row in seen(f"{NEWER}/campaign")] == [
        row.id for row in sandbox.view(NEWER).resources("campaign")
    ]
    assert len(seen(f"{OLDER}/campaign")) == len(shop.resources("campaign"))


def test_the_command_line_turns_them(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--events", "0", "--profiles", "2"]

    assert made([*small, "--as-documented", "all"])[0].behaviour == Behaviour.documented()
    assert made([*small, "--as-documented", "hidden_images"])[0].behaviour == Behaviour(hidden_images=False)
    with pytest.raises(SystemExit):
        made(["--as-documented", "sulk"])
    assert "hidden_images" in capsys.readouterr().err
