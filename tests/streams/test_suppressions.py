"""Who must not be written to: every reason, the newest date of each, found again when it changes."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from tap_klaviyo.sandbox import Shop
from tests.streams.syncing import TODAY, sync

REASONS = {"HARD_BOUNCE", "INVALID_EMAIL", "SPAM_COMPLAINT", "UNSUBSCRIBE", "USER_SUPPRESSED"}
BOTH = ("profile_suppressions", "profile_list_suppressions")


@pytest.fixture
def shop():
    return Shop(events=1, profiles=120)


def marketing(shop, profile_id):
    return shop.get("profile", profile_id).attributes["subscriptions"]["email"]["marketing"]


def suppress(shop, profile_id, **more):
    """Suppress a profile, of which nothing else changes: not even `updated`."""
    subscriptions = shop.get("profile", profile_id).attributes["subscriptions"]
    changed = {**subscriptions["email"]["marketing"], **more}
    shop.update("profile", profile_id, subscriptions={**subscriptions, "email": {"marketing": changed}})


def free_profile(shop, name):
    return next(profile.id for profile in shop.resources("profile") if not marketing(shop, profile.id)[name])


def test_all_five_reasons_and_several_of_one_profile(shop):
    run = sync(shop, *BOTH)
    records = run.records["profile_suppressions"]
    assert {record["reason"] for record in records} == REASONS
    of_one = [record["profile_id"] for record in records]
    assert max(of_one.count(profile) for profile in of_one) > 2
    assert {tuple(record) for record in records} == {("profile_id", "reason", "timestamp")}
    assert {tuple(record) for record in run.records["profile_list_suppressions"]} == {
        ("profile_id", "list_id", "reason", "timestamp")
    }


def test_of_several_dates_of_one_reason_the_newest_counts(shop):
    profile = free_profile(shop, "suppression")
    dates = ("2025-03-02T00:00:00+00:00", "2025-05-02T00:00:00+00:00", "2025-04-02T00:00:00+00:00")
    suppress(shop, profile, suppression=[{"reason": "HARD_BOUNCE", "timestamp": date} for date in dates])
    found = [record for record in sync(shop, BOTH[0]).records[BOTH[0]] if record["profile_id"] == profile]
    assert [record["timestamp"] for record in found] == ["2025-05-02T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("profile_suppressions", "suppression"), ("profile_list_suppressions", "list_suppressions")],
)
def test_the_server_filters(shop, name, attribute):
    path = f"subscriptions.email.marketing.{attribute}"
    run = sync(shop, name)
    (query,) = run.asked("/api/profiles")
    assert parse_qs(query) == {
        "additional-fields[profile]": ["subscriptions"],
        "fields[profile]": [path],
        "filter": [f"greater-or-equal({path}.timestamp,1970-01-01T00:00:00Z)"],
        "page[size]": ["100"],
        "sort": [f"{path}.timestamp"],
    }
    again = parse_qs(sync(shop, name, state=run.state).asked("/api/profiles")[0])
    bookmark = str(run.bookmark(name)).replace("+00:00", "Z")
    bounds = f"greater-or-equal({path}.timestamp,{bookmark}),less-than({path}.timestamp,2025-07-01T00:00:50Z)"
    assert again["filter"] == [f"and({bounds})"]


def test_a_suppression_that_was_added_is_found_by_the_next_sync_and_no_old_profile_is_read(shop):
    first = sync(shop, *BOTH)
    profile = free_profile(shop, "suppression")
    at = "2025-07-01T00:00:30+00:00"
    suppress(shop, profile, suppression=[{"reason": "SPAM_COMPLAINT", "timestamp": at}])
    other = free_profile(shop, "list_suppressions")
    entry = {"list_id": "LIST01", "reason": "UNSUBSCRIBE", "timestamp": at}
    suppress(shop, other, list_suppressions=[entry])
    second = sync(shop, *BOTH, state=first.state)
    assert (profile, "SPAM_COMPLAINT") in second.keys("profile_suppressions")
    assert (other, "LIST01", "UNSUBSCRIBE") in second.keys("profile_list_suppressions")
    for name in BOTH:
        assert len(second.records[name]) < len(first.records[name]) / 4
        assert second.bookmark(name) == at


def test_a_second_reason_of_a_suppressed_profile_is_found(shop):
    first = sync(shop, BOTH[0])
    profile = first.records[BOTH[0]][0]["profile_id"]
    old = marketing(shop, profile)["suppression"]
    missing = min(REASONS - {one["reason"] for one in old})
    suppress(shop, profile, suppression=[*old, {"reason": missing, "timestamp": "2025-07-01 00:00:20+00:00"}])
    second = sync(shop, BOTH[0], state=first.state)
    assert (profile, missing) in second.keys(BOTH[0])


def test_a_single_object_stands_for_a_list_of_one(shop):
    """Older revisions of the API had it so."""
    profile = free_profile(shop, "suppression")
    suppress(shop, profile, suppression={"reason": "HARD_BOUNCE", "timestamp": "2025-05-02 00:00:00+00:00"})
    records = sync(shop, BOTH[0], now=TODAY).records[BOTH[0]]
    assert {"profile_id": profile, "reason": "HARD_BOUNCE", "timestamp": "2025-05-02T00:00:00+00:00"} in records
