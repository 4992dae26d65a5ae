"""The revision header of each request decides what is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.document import load
from tap_klaviyo.sandbox.revisions import DOCUMENTS
from tests.sandbox.callers import NEWER, OLDER, get, pages, rows

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Shop

OPT_OUT = {"X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1"}
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
# what comes only when the filter asks for it, a filter each that leaves nothing out
_WHOLE = {
    "/api/flows": ["equals(archived,true)", "equals(archived,false)"],
    "/api/campaigns": ["equals(archived,true)", "equals(archived,false)"],
    "/api/images": ["equals(hidden,true)", "equals(hidden,false)"],
    "/api/reviews": ["equals(status,'all')"],
}
LISTS = [
    one.path
    for one in load(NEWER).operations()
    if one.collection and "{" not in one.path and one.path != "/api/coupon-codes"
]


@pytest.fixture
def sandbox(shop: Shop) -> Sandbox:
    return Sandbox(shop, now=lambda: NOW)


def asking(sandbox: Sandbox, target: str, **headers: str) -> tuple[int, str | None]:
    """Return the status and the revision that answered."""
    status, answered, _ = sandbox.handle("GET", target, headers)
    return status, answered.get("X-Klaviyo-API-Revision")


@pytest.mark.parametrize(
    ("asked", "status", "answering"),
    [
        (NEWER, 200, NEWER),
        (OLDER, 200, OLDER),
        ("2026-04-15", 200, "2026-04-15"),
        ("2025-01-15", 200, "2025-01-15"),
        # retired: the oldest that is alive answers
        ("2024-10-15", 200, "2025-01-15"),
        ("2022-10-17", 200, "2025-01-15"),
        # never released, betas too
        ("2026-07-16", 400, None),
        ("2026-07-15.pre", 400, None),
        ("2031-01-15", 400, None),
        ("", 400, None),
    ],
)
def test_the_header_says_which_revision_answers(
    sandbox: Sandbox, asked: str, status: int, answering: str | None
) -> None:
    assert asking(sandbox, "/api/lists", revision=asked) == (status, answering)


def test_the_header_is_required(sandbox: Sandbox) -> None:
    status, body = get(sandbox, "/api/lists", revision="")

    assert (status, body["errors"][0]["source"]) == (400, {"parameter": "revision"})
    assert asking(sandbox, "/api/lists") == (400, None)


@pytest.mark.parametrize(("day", "status"), [(14, 200), (15, 410)])
def test_who_opts_out_of_falling_forward_is_told_that_a_revision_is_gone(shop: Shop, day: int, status: int) -> None:
    sandbox = Sandbox(shop, now=lambda: datetime(2026, 10, day, tzinfo=UTC))

    assert asking(sandbox, "/api/lists", revision="2024-10-15", **OPT_OUT)[0] == status
    assert asking(sandbox, "/api/lists", revision="2024-10-15")[0] == 200
    assert asking(sandbox, "/api/lists", revision=OLDER, **OPT_OUT)[0] == 200


def test_when_the_older_document_retires_the_newer_one_answers(shop: Shop) -> None:
    sandbox = Sandbox(shop, now=lambda: datetime(2028, 8, 1, tzinfo=UTC))

    assert asking(sandbox, "/api/campaign-messages", revision=OLDER) == (404, None)
    assert asking(sandbox, "/api/campaigns", revision=OLDER) == (200, NEWER)
    assert asking(sandbox, "/api/campaigns", revision=OLDER, **OPT_OUT)[0] == 410


@pytest.mark.parametrize(
    ("target", "since"),
    [
        ("/api/tags?page%5Bsize%5D=5", "2026-04-15"),
        ("/api/tag-groups?page%5Bsize%5D=5", "2026-04-15"),
        ("/api/coupons?page%5Bsize%5D=5", "2026-04-15"),
        ("/api/catalog-items?page%5Bsize%5D=5", "2026-04-15"),
        ("/api/campaigns?page%5Bsize%5D=5&filter=equals(messages.channel,'sms')", "2026-04-15"),
        ("/api/events?page%5Bsize%5D=5", "2026-01-15"),
        ("/api/profiles?page%5Bsize%5D=5", "2025-01-15"),
    ],
)
def test_older_revisions_take_no_page_size_in_places(sandbox: Sandbox, target: str, since: str) -> None:
    alive = ("2025-01-15", "2025-10-15", "2026-01-15", "2026-04-15", OLDER)

    assert [asking(sandbox, target, revision=one)[0] for one in alive] == [
        200 if one >= since else 400 for one in alive
    ]


@pytest.mark.parametrize(
    ("target", "older", "newer"),
    [
        ("/api/campaigns", 400, 200),
        ("/api/campaigns?filter=equals(messages.channel,'email')", 200, 400),
        ("/api/campaigns?filter=equals(builder,'canvas')", 400, 200),
        ("/api/campaigns?sort=scheduled_at&filter=equals(messages.channel,'email')", 200, 400),
        ("/api/campaigns?fields%5Bcampaign%5D=definition.name", 400, 200),
        ("/api/campaign-messages", 404, 200),
        ("/api/campaign-messages?include=campaign-variations", 404, 400),
        ("/api/campaign-messages?page%5Bsize%5D=101", 404, 400),
        ("/api/translations?filter=equals(channel,'web')", 404, 200),
        ("/api/translations?additional-fields%5Btranslation%5D=values", 404, 400),
        ("/api/text-messaging-senders?page%5Bsize%5D=21", 404, 400),
        ("/api/text-messaging-senders?sort=-created_at", 404, 200),
        ("/api/data-sources?filter=equals(namespace,'custom-objects')", 400, 200),
        ("/api/coupons/SUMMER0/coupon-codes?filter=equals(coupon.id,['SUMMER0'])", 200, 400),
        ("/api/brand-voice", 404, 404),
        ("/api/campaign-variations", 404, 404),
        ("/api/billing-usage?page%5Bsize%5D=1", 404, 400),
    ],
)
def test_each_document_refuses_what_it_does_not_list(sandbox: Sandbox, target: str, older: int, newer: int) -> None:
    assert [asking(sandbox, target, revision=one)[0] for one in (OLDER, NEWER)] == [older, newer]


@pytest.mark.parametrize("path", LISTS)
def test_the_newer_lists_have_every_row_once(sandbox: Sandbox, path: str) -> None:
    targets = [f"{path}?filter={quote(text)}" for text in _WHOLE.get(path, [])] or [path]
    found = [row["id"] for target in targets for row in rows(sandbox, target, NEWER)]
    kind = load(NEWER).operation("get", path).shape.type

    assert sorted(found) == [row.id for row in sandbox.view(NEWER).resources(kind)]


@pytest.mark.parametrize("revision", DOCUMENTS)
def test_there_are_rows_of_every_type(sandbox: Sandbox, revision: str) -> None:
    counts = sandbox.view(revision).counts()

    assert set(counts) == set(load(revision).types())
    assert all(counts.values())


def test_two_types_mean_other_rows_since_the_newer_revision(sandbox: Sandbox) -> None:
    classic = {row.id for row in sandbox.view(OLDER).resources("campaign")}
    newer = {row.id for row in sandbox.view(NEWER).resources("campaign")}
    tag = next(row.id for row in sandbox.shop.resources("tag") if sandbox.shop.related(row, "campaigns"))

    def tagged(revision: str) -> set[str]:
        return {row["id"] for row in rows(sandbox, f"/api/tags/{tag}/relationships/campaigns", revision)}

    # those made the old way are in both, under one id
    assert classic & newer
    assert newer - classic
    assert classic - newer
    for revision in DOCUMENTS:
        campaigns = sandbox.view(revision).resources("campaign")
        assert tagged(revision) == {row.id for row in campaigns if tag in row.related_ids("tags")}
    assert tagged(OLDER) != tagged(NEWER)


def messages(sandbox: Sandbox) -> list[dict[str, Any]]:
    return rows(sandbox, "/api/campaign-messages?page%5Bsize%5D=100", NEWER)


def test_campaigns_lead_to_audiences_messages_and_variations(sandbox: Sandbox) -> None:
    included = [
        one
        for archived in ("true", "false")
        for page in pages(
            sandbox,
            "/api/campaigns?include=campaign-audiences,campaign-messages,tags"
            f"&filter=equals(archived,{archived})&page%5Bsize%5D=50",
            NEWER,
        )
        for one in page["included"]
    ]
    kinds = {kind: {one["id"] for one in included if one["type"] == kind} for kind in ("campaign-audience", "tag")}
    found = messages(sandbox)
    variations = [rows(sandbox, f"/api/campaign-messages/{row['id']}/campaign-variations", NEWER) for row in found]
    details = [one["attributes"]["definition"].get("details", "absent") for several in variations for one in several]

    assert kinds["campaign-audience"] == {row.id for row in sandbox.shop.resources("campaign-audience")}
    assert {one["id"] for one in included if one["type"] == "campaign-message"} == {row["id"] for row in found}
    assert sorted(one["id"] for several in variations for one in several) == [
        row.id for row in sandbox.shop.resources("campaign-variation")
    ]
    assert {len(several) for several in variations} == {0, 1, 2, 4}
    assert {one["channel"] for one in details if isinstance(one, dict)} == {"email", "sms", "push", "whatsapp"}
    assert None in details
    assert "absent" in details
    assert {row["attributes"]["definition"]["status"] for row in found} == {
        *("cancelled", "draft", "scheduled", "sending", "sent"),
        None,
    }


def test_a_campaign_may_have_no_message_and_a_message_has_tags(sandbox: Sandbox) -> None:
    counts = {
        row.id: len(rows(sandbox, f"/api/campaigns/{row.id}/campaign-messages", NEWER))
        for row in sandbox.view(NEWER).resources("campaign")
    }
    tagged = {
        row["id"]: rows(sandbox, f"/api/campaign-messages/{row['id']}/relationships/tags", NEWER)
        for row in messages(sandbox)
    }

    assert set(counts.values()) == {0, 1, 2, 3}
    assert [] in tagged.values()
    assert any(tagged.values())


def test_members_of_a_definition_are_filtered_and_sorted_by(sandbox: Sandbox) -> None:
    found = messages(sandbox)
    drafts = rows(sandbox, "/api/campaign-messages?filter=equals(status,'draft')", NEWER)
    names = [row["attributes"]["definition"]["name"] for row in rows(sandbox, "/api/campaigns?sort=-name", NEWER)]
    campaign_id = sandbox.view(NEWER).resources("campaign-message")[0].relationships["campaign"]
    own = rows(sandbox, f"/api/campaign-messages?filter=equals(campaign_id,'{campaign_id}')", NEWER)

    assert [row["id"] for row in drafts] == [
        row["id"] for row in found if row["attributes"]["definition"]["status"] == "draft"
    ]
    assert drafts
    assert names == sorted(names, reverse=True)
    assert own == [row for row in found if row["id"] in {one["id"] for one in own}]
    assert {one["id"] for one in own} == {
        row.id
        for row in sandbox.view(NEWER).resources("campaign-message")
        if row.relationships["campaign"] == campaign_id
    }


def test_a_screenshot_has_another_address_each_time(sandbox: Sandbox) -> None:
    def addresses(revision: str) -> set[str | None]:
        return {row["attributes"].get("screenshot_url") for row in rows(sandbox, "/api/templates", revision)}

    first, second = addresses(NEWER), addresses(NEWER)
    assert first & second == {None}
    assert len(first) > 1
    assert addresses(OLDER) == {None}


def test_values_of_a_translation_come_by_id_when_asked_for(sandbox: Sandbox) -> None:
    listed = rows(sandbox, "/api/translations", NEWER)
    whole = [row for row in sandbox.shop.resources("translation") if row.attributes["values"]]

    def by_id(query: str) -> dict[str, Any]:
        attributes: dict[str, Any] = get(sandbox, f"/api/translations/{whole[0].id}{query}", revision=NEWER)[1]["data"][
            "attributes"
        ]
        return attributes

    assert not any("values" in row["attributes"] for row in listed)
    assert "values" not in by_id("")
    assert by_id("?additional-fields%5Btranslation%5D=values")["values"] == whole[0].attributes["values"]


def test_a_translation_shows_flow_messages_in_a_shape_of_their_own(sandbox: Sandbox) -> None:
    target = "/api/translations?include=flow-message&filter=equals(resource_type,'flow-message')"
    included = [one for page in pages(sandbox, target, NEWER) for one in page["included"]]
    own = get(sandbox, f"/api/flow-messages/{included[0]['id']}", revision=NEWER)[1]["data"]

    assert {frozenset(one["attributes"]) for one in included} == {
        frozenset({"name", "channel", "content", "created", "updated"})
    }
    assert set(own["attributes"]) == {"channel", "created", "updated", "definition"}


def test_some_things_are_read_by_the_account_s_id_alone(sandbox: Sandbox) -> None:
    account_id = sandbox.shop.resources("account")[0].id

    for path in ("brand-voice", "text-messaging-configurations", "brand-email-defaults"):
        assert get(sandbox, f"/api/{path}/{account_id}", revision=NEWER)[0] == 200


def test_an_image_that_a_message_has_not_is_null(sandbox: Sandbox) -> None:
    variation = next(row for row in sandbox.shop.resources("campaign-variation") if row.relationships["image"] is None)

    assert get(sandbox, f"/api/campaign-variations/{variation.id}/image", revision=NEWER)[1]["data"] is None
    assert get(sandbox, "/api/campaign-variations/none/image", revision=NEWER)[0] == 404


def test_coupons_say_how_codes_are_assigned_since_the_newer_revision(sandbox: Sandbox) -> None:
    def configurations(revision: str) -> list[Any]:
        found = rows(sandbox, "/api/coupons", revision)
        return [row["attributes"].get("assigner_configuration", "absent") for row in found]

    assert set(configurations(OLDER)) == {"absent"}
    assert {str(one) for one in configurations(NEWER)} == {
        "absent",
        "None",
        "{'used': 'ASSIGN_IF_EXPIRED', 'unused_expired': 'NEVER_ASSIGN'}",
    }
