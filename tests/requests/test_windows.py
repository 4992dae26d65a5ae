"""Streams that are read in windows: how a range, and what lies outside of it, is asked for."""

from __future__ import annotations

from tests.requests.klaviyo import HOST, Klaviyo, asked, at, linked, page, resource

METRIC = resource("metric", "M", name="Placed Order")


def events(**bounds):
    return asked(
        "/api/events",
        fields__metric="name",
        include="attributions,metric",
        page__size="1000",
        sort="datetime",
        filter=bounds["filter"],
    )


def event(identifier, at_second, **relationships):
    links = {"metric": linked("metric", "M"), "profile": linked("profile", "P"), **relationships}
    properties = {"$value": 12.5, "$message": "msg", "Campaign Name": "Spring"}
    return resource("event", identifier, links, datetime=at_second, timestamp=1, event_properties=properties, uuid=None)


def state(value):
    found = at("events", "datetime", value)
    found["bookmarks"]["events"]["lookback_at"] = "2026-03-01T11:00:00+00:00"
    return found


def test_events_from_the_bookmark_to_the_beginning_of_the_sync_and_what_lies_in_the_future():
    window = events(
        filter="and(greater-or-equal(datetime,2026-03-01T11:00:00Z),less-than(datetime,2026-03-01T11:59:50Z))"
    )
    future = events(filter="greater-or-equal(datetime,2026-03-01T11:59:50Z)")
    klaviyo = Klaviyo(
        {
            window: page(event("E1", "2026-03-01 11:30:00+00:00"), included=[METRIC]),
            future: page(event("E2", "2027-01-01T00:00:00+00:00"), included=[METRIC]),
        }
    )
    klaviyo.sync("events", state=state("2026-03-01T11:00:00+00:00"))
    assert sorted(klaviyo.requests) == sorted([window, future])
    first, second = klaviyo.records["events"]
    assert first["id"] == "E1"
    assert first["datetime"] == "2026-03-01T11:30:00+00:00"
    assert first["event_properties"]["$value"] == first["value"] == 12.5
    assert (first["metric_id"], first["metric_name"], first["profile_id"]) == ("M", "Placed Order", "P")
    assert (first["campaign_id"], first["flow_id"]) == ("msg", None)
    assert second["id"] == "E2"
    # The future is written, and does not move the bookmark.
    assert klaviyo.bookmark("events") == "2026-03-01T11:30:00+00:00"


def test_an_event_without_a_profile_and_one_whose_metric_is_not_in_the_answer():
    window = events(
        filter="and(greater-or-equal(datetime,2026-03-01T11:00:00Z),less-than(datetime,2026-03-01T11:59:50Z))"
    )
    rows = [
        event("E1", "2026-03-01T11:10:00+00:00", profile={"data": None}),
        event("E2", "2026-03-01T11:20:00+00:00", profile={"links": {}}, metric=linked("metric", "gone")),
    ]
    answers = {
        window: page(*rows, included=[METRIC]),
        events(filter="greater-or-equal(datetime,2026-03-01T11:59:50Z)"): page(),
    }
    klaviyo = Klaviyo(answers).sync("events", state=state("2026-03-01T11:00:00+00:00"))
    assert klaviyo.failures == []
    assert [(one["profile_id"], one["metric_id"], one["metric_name"]) for one in klaviyo.records["events"]] == [
        (None, "M", "Placed Order"),
        (None, "gone", None),
    ]


def test_profiles_know_no_or_equal():
    """The second before the bookmark is asked too; what lies there is dropped, so that a row comes once."""
    bounds = "and(greater-than(updated,2026-03-01T10:59:59Z),less-than(updated,2026-03-01T11:59:50Z))"
    first = asked(
        "/api/profiles",
        additional_fields__profile="subscriptions",
        filter=bounds,
        page__size="100",
        sort="updated",
    )
    rows = [
        resource("profile", "before", updated="2026-03-01T10:59:59.900000+00:00"),
        resource("profile", "on it", updated="2026-03-01T11:00:00+00:00"),
        resource("profile", "after", updated="2026-03-01T11:30:00+00:00", email="a@example.com"),
    ]
    klaviyo = Klaviyo({first: page(*rows)})
    klaviyo.sync("profiles", state=at("profiles", "updated", "2026-03-01T11:00:00+00:00"))
    assert klaviyo.requests == [first]
    assert [record["id"] for record in klaviyo.records["profiles"]] == ["on it", "after"]


def test_suppressions_are_cut_out_of_their_profiles():
    path = "subscriptions.email.marketing.suppression"
    bounds = (
        f"and(greater-or-equal({path}.timestamp,2026-02-01T00:00:00Z),less-than({path}.timestamp,2026-03-01T11:59:50Z))"
    )
    first = asked(
        "/api/profiles",
        additional_fields__profile="subscriptions",
        fields__profile=path,
        filter=bounds,
        page__size="100",
        sort=f"{path}.timestamp",
    )
    following = f"{HOST}/api/profiles?page%5Bcursor%5D=2"

    def profile(identifier, *entries):
        suppression = [{"reason": reason, "timestamp": at_second} for reason, at_second in entries]
        return resource("profile", identifier, subscriptions={"email": {"marketing": {"suppression": suppression}}})

    klaviyo = Klaviyo(
        {
            first: page(
                profile(
                    "P1",
                    ("UNSUBSCRIBE", "2025-12-01T00:00:00+00:00"),
                    ("SPAM_COMPLAINT", "2026-02-02 00:00:00+00:00"),
                    ("USER_SUPPRESSED", "some day"),
                ),
                profile("P2"),
                resource("profile", "P3", subscriptions=None),
                following=following,
            ),
            following: page(profile("P4", ("HARD_BOUNCE", "2026-02-03T00:00:00+00:00"))),
        }
    )
    klaviyo.sync("profile_suppressions", state=at("profile_suppressions", "timestamp", "2026-02-01T00:00:00+00:00"))
    assert klaviyo.requests[0] == first
    assert klaviyo.records["profile_suppressions"] == [
        {"profile_id": "P1", "reason": "SPAM_COMPLAINT", "timestamp": "2026-02-02T00:00:00+00:00"},
        {"profile_id": "P1", "reason": "USER_SUPPRESSED", "timestamp": None},
        {"profile_id": "P4", "reason": "HARD_BOUNCE", "timestamp": "2026-02-03T00:00:00+00:00"},
    ]
    assert klaviyo.bookmark("profile_suppressions") == "2026-02-03T00:00:00+00:00"
