"""Plain lists: what is asked, how next links are followed, and what odd linkage becomes."""

from __future__ import annotations

from tests.requests.klaviyo import HOST, Klaviyo, asked, at, linked, page, resource

TAGS = asked("/api/tags", include="tag-group", fields__tag_group="id", page__size="50")
FORMS = "and(greater-or-equal(updated_at,2026-01-02T03:04:05Z),less-than(updated_at,2026-03-01T11:59:50Z))"


def test_a_list_is_asked_for_its_largest_pages_and_no_fields():
    klaviyo = Klaviyo({asked("/api/coupons", page__size="100"): page(resource("coupon", "A", description="x"))})
    assert klaviyo.sync("coupons").requests == [asked("/api/coupons", page__size="100")]
    (record,) = klaviyo.records["coupons"]
    assert record["id"] == "A"
    assert record["description"] == "x"


def test_a_list_without_page_size_is_asked_without():
    klaviyo = Klaviyo({"/api/metrics": page(resource("metric", "M", name="Placed Order"))}).sync("metrics")
    assert klaviyo.requests == ["/api/metrics"]
    assert klaviyo.failures == []


def test_next_links_are_followed_to_the_letter():
    """A cursor holds for the parameters as they came with it, however they are encoded."""
    second = f"{HOST}/api/metrics?page%5Bcursor%5D=bmV4dDo6aWQ6OkE%3D&odd=%2B~a%20b+c&empty="
    third = f"{HOST}/api/metrics?page%5Bcursor%5D=end"
    klaviyo = Klaviyo(
        {
            "/api/metrics": page(resource("metric", "A", name="a"), following=second),
            second: page(following=third),
            third: page(resource("metric", "B", name="b")),
        }
    )
    klaviyo.sync("metrics")
    assert klaviyo.urls[1:] == [second, third]
    # An empty page with a next link is not the end.
    assert [record["id"] for record in klaviyo.records["metrics"]] == ["A", "B"]


def test_a_next_link_to_elsewhere_is_not_followed():
    klaviyo = Klaviyo({"/api/metrics": page(resource("metric", "A"), following="https://evil.example.com/api/metrics")})
    assert klaviyo.sync("metrics").failures == ["metrics"]
    assert len(klaviyo.urls) == 1


def test_linkage_in_all_its_shapes():
    rows = [
        resource("tag", "whole", {"tag-group": linked("tag-group", "G")}, name="a"),
        resource("tag", "null", {"tag-group": {"data": None}}, name="b"),
        resource("tag", "links", {"tag-group": {"links": {"related": "…"}}}, name="c"),
        resource("tag", "list", {"tag-group": linked("tag-group", "G", many=True)}, name="d"),
        resource("tag", "empty", {"tag-group": {"data": []}}, name="e"),
        resource("tag", "absent", {}, name="f"),
        resource("tag", "none", name="g"),
        {"type": "tag", "id": "bare"},
    ]
    klaviyo = Klaviyo({TAGS: page(*rows, included=[resource("tag-group", "G")])}).sync("tags")
    assert klaviyo.requests == [TAGS]
    found = {record["id"]: record["tag_group_id"] for record in klaviyo.records["tags"]}
    assert found == {**dict.fromkeys(["null", "links", "empty", "absent", "none", "bare"]), "whole": "G", "list": "G"}
    assert klaviyo.records["tags"][-1] == {"id": "bare", "name": None, "tag_group_id": None}


def test_a_first_sync_asks_for_everything_in_order():
    first = asked("/api/lists", page__size="10", sort="updated")
    klaviyo = Klaviyo({first: page(resource("list", "L", updated="2026-01-02T03:04:05+00:00"))}).sync("lists")
    assert klaviyo.requests == [first]
    assert klaviyo.bookmark("lists") == "2026-01-02T03:04:05+00:00"


def test_where_only_greater_than_is_allowed_the_second_before_is_asked_and_dropped():
    bounded = asked("/api/lists", filter="greater-than(updated,2026-01-02T03:04:04Z)", page__size="10", sort="updated")
    rows = [
        resource("list", "before", updated="2026-01-02T03:04:04+00:00"),
        resource("list", "again", updated="2026-01-02T03:04:05+00:00"),
        resource("list", "new", updated="2026-02-02T03:04:05+00:00"),
    ]
    klaviyo = Klaviyo({bounded: page(*rows)})
    klaviyo.sync("lists", state=at("lists", "updated", "2026-01-02T03:04:05+00:00"))
    assert klaviyo.requests == [bounded]
    assert [record["id"] for record in klaviyo.records["lists"]] == ["again", "new"]
    assert klaviyo.bookmark("lists") == "2026-02-02T03:04:05+00:00"


def test_a_filter_is_encoded():
    bounded = asked("/api/forms", filter=FORMS, page__size="100", sort="updated_at")
    klaviyo = Klaviyo({bounded: page()})
    klaviyo.sync("forms", state=at("forms", "updated_at", "2026-01-02T03:04:05+00:00"))
    assert klaviyo.requests == [bounded]
    query = klaviyo.urls[0].partition("?")[2]
    assert "+" not in query
    assert ":" not in query
    assert klaviyo.bookmark("forms") == "2026-01-02T03:04:05+00:00"


def test_reviews_are_read_newest_change_first_as_far_as_the_bookmark():
    """Klaviyo filters them by `created` alone, and hides what is not published unless it is asked for."""
    first = asked("/api/reviews", filter="equals(status,'all')", page__size="100", sort="-updated")
    further = f"{HOST}/api/reviews?page%5Bcursor%5D=further"
    rows = [
        resource("review", "3", updated="2026-02-03T00:00:00+00:00"),
        resource("review", "2", updated="2026-02-02T00:00:00+00:00"),
        resource("review", "1", updated="2026-01-31T00:00:00+00:00"),
    ]
    older = page(
        resource("review", "0", updated="2026-01-30T00:00:00+00:00"),
        following=f"{HOST}/api/reviews?page%5Bcursor%5D=more",
    )
    klaviyo = Klaviyo({first: page(*rows, following=further), further: older})
    klaviyo.sync("reviews", state=at("reviews", "updated", "2026-02-02T00:00:00+00:00"))
    # One page further than the first old row: Klaviyo may swap neighbours where a page ends.
    assert klaviyo.requests == [first, asked("/api/reviews", page__cursor="further")]
    assert sorted(record["id"] for record in klaviyo.records["reviews"]) == ["2", "3"]
    assert klaviyo.bookmark("reviews") == "2026-02-03T00:00:00+00:00"


def test_the_key_is_in_no_url():
    klaviyo = Klaviyo({"/api/accounts": page(resource("account", "AbC123"))}).sync("accounts")
    assert klaviyo.urls == [f"{HOST}/api/accounts"]
