"""Records through a parent: one chain a parent, or carried by the list of the parents."""

from __future__ import annotations

import pytest

from tests.requests.klaviyo import HOST, Klaviyo, asked, at, linked, page, resource

CHANNELS = ("email", "sms", "mobile_push")
LISTS = asked("/api/lists", fields__list="id", page__size="10")
MESSAGE_FIELDS = "created_at,definition,send_times,updated_at"
DEFINITION = {"channel": "email", "content": {"subject": "Hi"}}


def members(list_id, **parameters):
    path = f"/api/lists/{list_id}/profiles"
    return asked(path, fields__profile="joined_group_at", page__size="100", sort="joined_group_at", **parameters)


def test_members_are_read_a_list_at_a_time():
    joined = "2026-01-01T00:00:00+00:00"
    klaviyo = Klaviyo(
        {
            LISTS: page(resource("list", "B"), resource("list", "A")),
            members("A"): page(resource("profile", "P1", joined_group_at=joined)),
            members("B"): page(resource("profile", "P1", joined_group_at="2026-01-01 00:00:01+00:00")),
        }
    )
    klaviyo.sync("list_profiles")
    assert klaviyo.requests == [LISTS, members("A"), members("B")]
    assert klaviyo.records["list_profiles"] == [
        {"list_id": "A", "profile_id": "P1", "joined_group_at": joined},
        {"list_id": "B", "profile_id": "P1", "joined_group_at": "2026-01-01T00:00:01+00:00"},
    ]
    # Whoever joins a list that was read already has joined after the sync began.
    assert klaviyo.bookmark("list_profiles") == "2026-03-01T11:59:50+00:00"


def test_a_parent_that_is_gone_has_no_children():
    lists = page(resource("list", "A"), resource("list", "B"))
    klaviyo = Klaviyo({LISTS: lists, members("A"): 404, members("B"): page()})
    assert klaviyo.sync("list_profiles").failures == []
    assert klaviyo.bookmark("list_profiles") is not None


def test_a_revision_that_is_gone_is_no_matter_of_one_parent_s_own_parent():
    """The other object types would be asked for their schemas if it were."""
    types = asked("/api/object-types", fields__object_type="id")
    schemas = asked("/api/object-types/T1/schema-versions", fields__object_schema="id")
    klaviyo = Klaviyo({types: page(resource("object-type", "T1"), resource("object-type", "T2")), schemas: 410})
    assert klaviyo.sync("source_mappings").failures == ["source_mappings"]
    assert klaviyo.requests == [types, schemas]


def test_a_parent_that_cannot_be_read_fails_the_stream_and_keeps_where_it_was_left():
    lower, upper = "joined_group_at,2026-01-01T00:00:00Z", "joined_group_at,2026-03-01T11:59:50Z"
    bounds = f"and(greater-or-equal({lower}),less-than({upper}))"
    answers = {LISTS: page(resource("list", "A"), resource("list", "B")), members("A", filter=bounds): page()}
    klaviyo = Klaviyo(answers)
    began = "2026-01-01T00:00:00+00:00"
    klaviyo.sync("list_profiles", state=at("list_profiles", "joined_group_at", began))
    assert klaviyo.requests[1:] == [members("A", filter=bounds), members("B", filter=bounds)]
    assert klaviyo.failures == ["list_profiles"]
    # The others' bookmark goes on; this one parent is read from where it was left.
    assert klaviyo.bookmark("list_profiles") == "2026-03-01T11:59:50+00:00"
    assert klaviyo.state["bookmarks"]["list_profiles"]["failed_parents"] == [{"id": "B", "since": began}]
    again = Klaviyo(dict.fromkeys([members("A"), members("B")], page()) | {LISTS: answers[LISTS]})
    again.sync("list_profiles", state=klaviyo.state)
    assert [url for url in again.requests if began[:10] in url] == [members("B", filter=bounds)]


def test_codes_are_read_a_coupon_at_a_time():
    """Without a filter: the path names the coupon."""
    coupons = asked("/api/coupons", fields__coupon="id", page__size="100")
    codes = asked("/api/coupons/10 % off/coupon-codes", page__size="100")
    further = f"{HOST}/api/coupons/10%20%25%20off/coupon-codes?page%5Bcursor%5D=2"
    klaviyo = Klaviyo(
        {
            coupons: page(resource("coupon", "10 % off")),
            codes: page(resource("coupon-code", "c1", unique_code="X1"), following=further),
            further: page(resource("coupon-code", "c2", unique_code="X2", status="USED")),
        }
    )
    klaviyo.sync("coupon_codes")
    assert klaviyo.requests[:2] == [coupons, codes]
    assert [(code["coupon_id"], code["unique_code"]) for code in klaviyo.records["coupon_codes"]] == [
        ("10 % off", "X1"),
        ("10 % off", "X2"),
    ]


def test_items_of_a_category_are_linkage_alone():
    category = "$custom:::$default:::A/B Ü"
    categories = asked("/api/catalog-categories", fields__catalog_category="id", page__size="100")
    items = f"/api/catalog-categories/{category}/relationships/items"
    klaviyo = Klaviyo(
        {
            categories: page(resource("catalog-category", category)),
            items: page({"type": "catalog-item", "id": "I1"}, {"type": "catalog-item", "id": "I2"}),
            asked(items, page__size="100"): page(
                {"type": "catalog-item", "id": "I1"}, {"type": "catalog-item", "id": "I2"}
            ),
        }
    )
    klaviyo.sync("catalog_category_items")
    assert klaviyo.requests[0] == categories
    assert "A%2FB%20%C3%9C/relationships/items" in klaviyo.urls[1]
    assert klaviyo.records["catalog_category_items"] == [
        {"catalog_category_id": category, "catalog_item_id": "I1"},
        {"catalog_category_id": category, "catalog_item_id": "I2"},
    ]


def test_a_link_table_is_carried_by_its_list():
    first = asked("/api/lists", fields__list="id", fields__tag="id", include="tags", page__size="10")
    rows = [
        resource("list", "A", {"tags": linked("tag", "t1", "t2", many=True)}),
        resource("list", "B", {"tags": {"links": {"related": "…"}}}),
        resource("list", "C", {"tags": {"data": None}}),
        resource("list", "D", {"tags": {"data": {"type": "tag", "id": "t1"}}}),
        resource("list", "E"),
    ]
    klaviyo = Klaviyo({first: page(*rows)}).sync("list_tags")
    assert klaviyo.requests == [first]
    assert klaviyo.records["list_tags"] == [
        {"list_id": "A", "tag_id": "t1"},
        {"list_id": "A", "tag_id": "t2"},
        {"list_id": "D", "tag_id": "t1"},
    ]


def campaigns(channel, archived, fields=MESSAGE_FIELDS):
    return asked(
        "/api/campaigns",
        fields__campaign="id",
        fields__campaign_message=fields,
        filter=f"and(equals(messages.channel,'{channel}'),equals(archived,{archived}))",
        include="campaign-messages",
        page__size="100",
    )


@pytest.fixture
def answers():
    """An account without a campaign, to which a test adds some."""
    return {campaigns(channel, archived): page() for channel in CHANNELS for archived in ("false", "true")}


def own_messages(campaign):
    return asked(f"/api/campaigns/{campaign}/campaign-messages")


def message(identifier, **attributes):
    template = {"template": {"data": {"type": "template", "id": f"T-{identifier}"}}}
    return resource("campaign-message", identifier, template, **attributes)


def carrying(campaign, *messages):
    return resource("campaign", campaign, {"campaign-messages": linked("campaign-message", *messages, many=True)})


def test_messages_are_carried_by_the_campaigns_and_their_definition_is_asked_for(answers):
    included = [message("m1", definition=DEFINITION), message("m2", definition=DEFINITION)]
    answers[campaigns("email", "true")] = page(carrying("C1", "m1", "m2"), included=included)
    klaviyo = Klaviyo(answers).sync("campaign_messages")
    assert sorted(klaviyo.requests) == sorted(answers)
    first, second = klaviyo.records["campaign_messages"]
    assert (first["id"], second["id"]) == ("m1", "m2")
    assert first["campaign_id"] == "C1"
    assert first["template_id"] == "T-m1"
    assert first["definition"] == DEFINITION
    assert first["channel"] == "email"


def test_a_campaign_on_two_pages_gives_its_messages_once(answers):
    """Klaviyo now and then repeats a row on the next page."""
    further = f"{HOST}/api/campaigns?page%5Bcursor%5D=2"
    first, second = message("m1", definition=DEFINITION), message("m2", definition=DEFINITION)
    answers[campaigns("email", "false")] = page(carrying("C1", "m1"), following=further, included=[first])
    answers[further] = page(carrying("C1", "m1"), carrying("C2", "m2"), included=[first, second])
    klaviyo = Klaviyo(answers).sync("campaign_messages")
    assert [record["id"] for record in klaviyo.records["campaign_messages"]] == ["m1", "m2"]


@pytest.mark.parametrize("lacking", [{}, {"definition": None}])
def test_where_the_definition_is_missing_that_campaign_alone_is_asked(answers, lacking):
    included = [message("m1", definition=DEFINITION), message("m2", **lacking)]
    answers[campaigns("sms", "false")] = page(carrying("C1", "m1"), carrying("C2", "m2"), included=included)
    answers[own_messages("C2")] = page(message("m2", definition=DEFINITION))
    klaviyo = Klaviyo(answers).sync("campaign_messages")
    assert klaviyo.failures == []
    assert sorted(klaviyo.requests) == sorted(answers)
    records = klaviyo.records["campaign_messages"]
    assert {record["id"]: record["definition"] for record in records} == {"m1": DEFINITION, "m2": DEFINITION}
    assert {record["id"]: record["campaign_id"] for record in records} == {"m1": "C1", "m2": "C2"}
    assert {record["channel"] for record in records} == {"sms"}


def test_messages_that_are_only_linked_are_asked_for_and_gone_campaigns_have_none(answers):
    rows = [carrying("C1", "m1"), resource("campaign", "C2", {"campaign-messages": {"links": {}}})]
    answers[campaigns("email", "false")] = page(*rows)
    answers[own_messages("C1")] = page(message("m1", definition=DEFINITION))
    answers[own_messages("C2")] = 404
    klaviyo = Klaviyo(answers).sync("campaign_messages")
    assert klaviyo.failures == []
    assert sorted(klaviyo.requests) == sorted(answers)
    assert [record["id"] for record in klaviyo.records["campaign_messages"]] == ["m1"]


def test_messages_that_are_only_linked_are_asked_for_whatever_is_selected():
    fields = "created_at,send_times,updated_at"
    answers = {campaigns(channel, archived, fields): page() for channel in CHANNELS for archived in ("false", "true")}
    rows = [carrying("C1", "m1"), resource("campaign", "C2", {"campaign-messages": {"links": {}}})]
    answers[campaigns("email", "false", fields)] = page(*rows)
    for campaign, name in (("C1", "m1"), ("C2", "m2")):
        own = asked(f"/api/campaigns/{campaign}/campaign-messages", fields__campaign_message=fields)
        answers[own] = page(message(name, created_at="2026-01-01T00:00:00+00:00"))
    klaviyo = Klaviyo(answers).sync("campaign_messages", without=("definition", "template_id"))
    assert klaviyo.failures == []
    assert sorted(klaviyo.requests) == sorted(answers)
    records = klaviyo.records["campaign_messages"]
    assert [(record["id"], record["campaign_id"]) for record in records] == [("m1", "C1"), ("m2", "C2")]
    assert all(record["created_at"] for record in records)


def test_actions_are_carried_by_all_flows_archived_or_not():
    def flows(archived):
        return asked(
            "/api/flows",
            fields__flow="id",
            fields__flow_action="created,definition,updated",
            filter=f"equals(archived,{archived})",
            include="flow-actions",
            page__size="50",
        )

    carrying_one = resource("flow", "F", {"flow-actions": linked("flow-action", "1", many=True)})
    action = resource("flow-action", "1", definition={"type": "send-email"})
    answers = {flows("false"): page(carrying_one, included=[action]), flows("true"): page()}
    klaviyo = Klaviyo(answers).sync("flow_actions")
    assert sorted(klaviyo.requests) == sorted(answers)
    (record,) = klaviyo.records["flow_actions"]
    assert record["flow_id"] == "F"
    assert record["definition"] == {"type": "send-email"}
