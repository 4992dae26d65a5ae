"""What Klaviyo does wrong, and what it does to the table and to the bookmark: nothing that a later sync cannot mend."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.sandbox import Fault, Resource
from tap_klaviyo.sync.failed_parents import FailedParents
from tests.fuzz.scale import examples
from tests.no_data_loss.rig import NOON, Rig, text

STREAMS = ("events", "profiles", "campaigns", "flows", "lists", "list_profiles", "templates", "reviews", "images")
WORKERS = st.sampled_from([1, 24])
SMALL = {stream: {"page_size": 3} for stream in STREAMS}
KINDS = {
    "events": ("event", "datetime"),
    "profiles": ("profile", "updated"),
    "campaigns": ("campaign", "updated_at"),
    "flows": ("flow", "updated"),
    "lists": ("list", "updated"),
    "templates": ("template", "updated"),
    "reviews": ("review", "updated"),
    "images": ("image", "updated_at"),
}


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def stocked() -> Rig:
    rig = Rig()
    for number in range(24):
        for kind, key in KINDS.values():
            more = {"channel": ("email", "sms")[number % 2]} if kind == "campaign" else {"hidden": False}
            when = ago(days=30 - number // 4)
            rig.put(kind, f"a{number:02}", **{key: when}, archived=number % 3 == 0, status={"value": "new"}, **more)
        for other in range(number % 5):
            rig.shop.join("list", f"a{(number + other) % 24:02}", f"a{number:02}", ago(days=20, hours=number))
    return rig


def whole(rig: Rig) -> None:
    for stream, (kind, key) in KINDS.items():
        assert rig.column(stream, key) == rig.truth(kind, key), stream
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("kind", ["empty-page", "next-repeats", "next-first", "loose-bounds", "cut", "reset", "html"])
def test_what_passes_does_no_harm(kind, workers):
    """Empty pages with a next link, pages that come twice, `greater-than` that means `-or-equal`, broken answers."""
    rig = stocked()
    rig.sandbox.faults.add(Fault(kind, rate=0.3, value=503 if kind == "html" else None))
    options = {"stream_options": SMALL, "max_workers": workers, "retry_backoff_multiplier_ms": 1, "retry": 50}
    first = rig.sync(*STREAMS, **options)
    for stream in KINDS:
        assert set(first.written(stream).values()) <= {1}, stream
    for _ in range(20):
        if not first.failures:
            break
        # A page that leads back time and again ends its stream; nothing is lost by that either.
        assert kind.startswith(("next", "empty"))
        first = rig.sync(*STREAMS, **options)
    whole(rig)
    assert rig.sandbox.faults.happened[kind] > 5


@given(at=st.integers(1, 60), status=st.sampled_from([400, 404, 500]), workers=WORKERS)
@examples(40)
def test_a_stream_that_fails_is_not_finished_and_goes_on_later(at, status, workers):
    """Whatever request fails, a cursor that has become stale in the middle of a chain too."""
    rig = stocked()
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=status, path="/api/*"))
    options = {"stream_options": SMALL, "max_workers": workers, "retry": 0}
    before = rig.sync(*STREAMS, **options)
    for stream in before.failures:
        mark = rig.bookmarks.get(stream, {})
        if stream in KINDS and "replication_key_value" in mark:
            assert mark["replication_key_value"] in {row[KINDS[stream][1]] for row in before.records(stream)}
    rig.sandbox.reset()
    rig.later(minutes=1)
    assert not rig.sync(*STREAMS, **options).failures
    if status != 404:  # a parent that is gone has no children, until it is back
        whole(rig)


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("stream", ["events", "profiles", "templates", "universal_content"])
def test_a_row_whose_attributes_are_missing_comes_once(stream, workers):
    """It has no date to hold against a bound: the listing without one has it, and so have windows that overlap."""
    rig = Rig()
    kind = "template-universal-content" if stream == "universal_content" else KINDS[stream][0]
    key = "datetime" if stream == "events" else "updated"
    for number in range(60):
        rig.put(kind, f"a{number:02}", name="n", **{key: ago(days=30, seconds=-(number // 4))})
    options = {"stream_options": {stream: {"page_size": 5}}, "max_workers": workers}
    expected = {f"a{number:02}": 1 for number in range(60)}
    rig.sandbox.faults.add(Fault("null-attributes", rate=1))
    assert rig.sync(stream, **options).written(stream) == expected
    rig.sandbox.reset()
    state = {"bookmarks": {stream: {"replication_key": key, "replication_key_value": ago(days=30)}}}
    rig.sandbox.faults.add(Fault("null-attributes", rate=1))
    assert rig.sync(stream, state=state, **options).written(stream) == expected


@pytest.mark.parametrize("count", [1, 2])
@given(gaps=st.lists(st.integers(0, 3), min_size=10, max_size=30), at=st.integers(1, 15), workers=WORKERS)
@examples(40)
def test_events_of_a_metric_that_break_off_go_on_later(count, gaps, at, workers):
    """The name may be that of several metrics, whose events are read one metric after the other."""
    rig = Rig()
    for metric in range(count):
        rig.put("metric", f"m{metric}", name="Placed Order", created=ago(days=90))
    when = NOON - timedelta(days=20)
    for number, gap in enumerate(gaps):
        when += timedelta(seconds=gap)
        links: dict[str, str | list[str] | None] = {"metric": f"m{number % count}"}
        rig.shop.put("event", Resource("event", f"e{number:02}", {"datetime": text(when)}, links))
    entry = {"name": "orders", "metric": "Placed Order"}
    options = {"event_streams": [entry], "stream_options": {"orders": {"page_size": 3}}, "max_workers": workers}
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=400, path="/api/events"))
    rig.sync("orders", retry=0, **options)
    rig.sandbox.reset()
    rig.later(hours=1)
    run = rig.sync("orders", **options)
    assert not run.failures
    assert set(run.written("orders").values()) <= {1}
    assert rig.column("orders", "datetime") == rig.truth("event", "datetime")


@pytest.mark.usefixtures("one_or_many")
def test_one_streams_failure_does_not_stop_the_others():
    rig = stocked()
    rig.sandbox.faults.add(Fault("error", rate=1, value=400, path="/api/flows"))
    run = rig.sync(*STREAMS, stream_options=SMALL)
    assert run.failures == ["flows"]
    assert "replication_key_value" not in rig.bookmarks["flows"]
    rig.sandbox.reset()
    rig.sync(*STREAMS, stream_options=SMALL)
    whole(rig)


@pytest.mark.usefixtures("one_or_many")
def test_a_skipped_stream_keeps_its_bookmark():
    rig = stocked()
    rig.sync("flows")
    before = rig.bookmarks["flows"]
    rig.put("flow", "new", archived=False, updated=text(rig.now))
    rig.later(hours=1)
    rig.sandbox.faults.add(Fault("error", rate=1, value=403, path="/api/flows"))
    run = rig.sync("flows", on_permission_denied="skip")
    assert not run.records("flows")
    assert rig.bookmarks["flows"] == before
    rig.sandbox.reset()
    rig.sync("flows")
    assert ("new",) in rig.rows("flows")


def disordered(rig: Rig, kind: str, order: list[int]) -> None:
    """Let the shop answer in another order; the sort keys stay ascending, so that cursors work."""
    shelf = rig.shop.shelf(kind)
    entries = shelf.order("updated")
    moved = [(key, name, entries[at][2]) for (key, name, _), at in zip(entries, order, strict=True)]
    shelf._orders["updated", False] = moved


@pytest.mark.usefixtures("one_or_many")
@given(order=st.permutations(range(12)), page_size=st.integers(2, 5), at=st.integers(2, 4))
@examples(40)
def test_an_answer_out_of_order_that_breaks_off_is_made_good_by_a_sweep(order, page_size, at):
    rig = Rig()
    for number in range(12):
        rig.put("list", f"a{number:02}", name="", updated=ago(days=30 - number))
    disordered(rig, "list", order)
    rig.sandbox.faults.add(Fault("error", on=frozenset({at}), value=400, path="/api/lists"))
    options = {"stream_options": {"lists": {"page_size": page_size}}, "retry": 0}
    rig.sync("lists", **options)
    rig.shop.shelf("list")._orders.clear()
    rig.sandbox.reset()
    rig.sync("lists", **options)  # goes on where the first one came to
    rig.later(hours=24)
    rig.sync("lists", **options)  # a sweep finds what the other order put behind that
    assert rig.column("lists", "updated") == rig.truth("list", "updated")


def test_a_page_out_of_order_holds_the_bookmark_back_until_the_end():
    """Profiles are read in windows, which rest on the order; a page that is not in order is followed by its link."""
    rig = Rig()
    for number in range(12):
        rig.put("profile", f"a{number:02}", email="", updated=ago(days=30 - number))
    disordered(rig, "profile", [0, 2, 3, 1, 4, 5, 6, 7, 11, 8, 9, 10])
    options = {"stream_options": {"profiles": {"page_size": 4}}, "retry": 0, "max_workers": 1}
    rig.sandbox.faults.add(Fault("error", on=frozenset({4}), value=400))
    broken_off = rig.sync("profiles", **options)
    assert len(broken_off.records("profiles")) == 6
    assert "replication_key_value" not in rig.bookmarks["profiles"]
    rig.sandbox.reset()
    rig.shop.shelf("profile")._orders.clear()
    assert rig.sync("profiles", **options).written("profiles") == {f"a{number:02}": 1 for number in range(12)}
    assert rig.bookmarks["profiles"]["replication_key_value"] == ago(days=19)


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("cut", [1, 6, 12])
def test_a_parent_that_fails_is_passed_over_and_asked_again_from_the_beginning(cut, workers):
    rig = Rig()
    for number in range(12):
        rig.put("list", f"L{number:02}", name="", updated=ago(days=9))
        rig.put("profile", f"p{number:02}", email="", updated=ago(days=9))
        rig.shop.join("list", f"L{number:02}", f"p{number:02}", ago(days=8))
    options = {"max_workers": workers, "retry": 0}
    rig.sandbox.faults.add(Fault("error", on=frozenset({cut}), value=400, path="/api/lists/*/profiles"))
    first = rig.sync("lists", "list_profiles", **options)
    assert first.failures == ["list_profiles"]
    (failed,) = {f"L{number:02}" for number in range(12)} - set(first.written("list_profiles", "list_id"))
    # The bookmark is that of the others, and far past what the failed one has to bring.
    assert rig.bookmarks["list_profiles"]["replication_key_value"] == text(rig.now - timedelta(seconds=10))
    rig.sandbox.reset()
    rig.later(hours=1)
    second = rig.sync("lists", "list_profiles", **options)
    assert not second.failures
    assert second.written("list_profiles", "list_id") == {failed: 1}
    assert rig.bookmarks["list_profiles"]["failed_parents"] is None
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


def test_a_parent_that_failed_and_is_gone_by_now_is_forgotten():
    rig = Rig()
    for name in ("a", "b"):
        rig.put("list", name, name="", updated=ago(days=9))
    rig.sandbox.faults.add(Fault("error", on=frozenset({1}), value=400, path="/api/lists/*/profiles"))
    assert rig.sync("lists", "list_profiles", max_workers=1, retry=0).failures == ["list_profiles"]
    (failed,) = rig.bookmarks["list_profiles"]["failed_parents"]
    rig.sandbox.reset()
    rig.shop.delete("list", failed["id"])
    rig.later(hours=1)
    assert not rig.sync("lists", "list_profiles").failures
    assert rig.bookmarks["list_profiles"]["failed_parents"] is None


def test_what_a_state_says_of_failed_parents_and_cannot_be_read_loses_nothing():
    entries = [{"id": "a", "since": "soon"}, {"id": "b", "since": ago(days=9)}, {"id": 3, "since": None}, "d", {}]
    failed = FailedParents({"failed_parents": entries}, NOON)
    assert failed.earlier == {"a": None, "b": NOON - timedelta(days=9)}
    assert [failed.begin(parent) for parent in ("a", "b", "d")] == [None, NOON - timedelta(days=9), NOON]
    assert FailedParents({"failed_parents": {"id": "a"}}, NOON).earlier == {}


@pytest.mark.usefixtures("one_or_many")
@pytest.mark.parametrize("cut", [1, 3, 6])
def test_a_campaign_whose_messages_cannot_be_read_does_not_stop_the_others(cut):
    rig = Rig()
    for number in range(6):
        rig.put("campaign", f"c{number}", channel="sms", name="", archived=False, updated_at=ago(days=9))
        told = {"definition": None, "updated_at": ago(days=9)}
        rig.shop.put("campaign-message", Resource("campaign-message", f"m{number}", told, {"campaign": f"c{number}"}))
    options = {"retry": 0, "emit_activate_version_messages": True}
    path = "/api/campaigns/*/campaign-messages"
    rig.sandbox.faults.add(Fault("error", on=frozenset({cut}), value=400, path=path))
    first = rig.sync("campaign_messages", **options)
    assert first.failures == ["campaign_messages"]
    assert len(first.records("campaign_messages")) == 5
    assert "ACTIVATE_VERSION" not in {message["type"] for message in first.messages}
    rig.sandbox.reset()
    rig.later(hours=1)
    assert not rig.sync("campaign_messages", **options).failures
    assert len(rig.rows("campaign_messages")) == 6


@pytest.mark.parametrize("workers", [1, 24])
@pytest.mark.parametrize("cut", range(1, 14))
def test_a_fan_out_goes_on_after_the_last_finished_parent(cut, workers):
    rig = Rig()
    for number in range(12):
        rig.put("list", f"L{number:02}", name="", updated=ago(days=9))
        rig.put("profile", f"p{number:02}", email="", updated=ago(days=9))
        rig.shop.join("list", f"L{number:02}", f"p{number:02}", ago(days=8))
    options = {"max_workers": workers, "retry": 0}
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({cut}), value=86_400, path="/api/lists/*/profiles"))
    first = rig.sync("lists", "list_profiles", **options)
    started = rig.now
    rig.sandbox.reset()
    rig.later(hours=3)
    # While nobody reads, a profile joins a list that is finished already, and a list comes before all others.
    rig.shop.join("list", "L00", "p11", text(rig.now))
    rig.put("list", "A", name="", updated=text(rig.now))
    rig.shop.join("list", "A", "p05", text(rig.now))
    rig.later(hours=3)
    second = rig.sync("lists", "list_profiles", **options)
    done = set(first.written("list_profiles", "list_id"))
    if first.failures and done:
        assert rig.bookmarks["list_profiles"]["replication_key_value"] == text(started - timedelta(seconds=10))
        assert not done & set(second.written("list_profiles", "list_id"))
        assert rig.bookmarks["list_profiles"]["fan_out"] is None
    rig.later(hours=24)  # a list without new members for long is asked again by a sweep
    rig.sync("lists", "list_profiles", **options)
    held = {(*key, row["joined_group_at"]) for key, row in rig.rows("list_profiles").items()}
    assert held == rig.shop.memberships("list")


@pytest.mark.usefixtures("one_or_many")
def test_a_full_read_of_a_fan_out_is_not_mixed_with_a_half_read_one():
    rig = Rig()
    for number in range(6):
        rig.put("list", f"L{number}", name="", updated=ago(days=9))
        rig.put("profile", f"p{number}", email="", updated=ago(days=9))
        rig.shop.join("list", f"L{number}", f"p{number}", ago(days=8))
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({4}), value=86_400, path="/api/lists/*/profiles"))
    assert rig.sync("lists", "list_profiles", retry=0).failures == ["list_profiles"]
    under_way = rig.bookmarks["list_profiles"]
    (place,) = under_way["fan_out"]
    assert place["after_parent"] == "L2"
    rig.sandbox.reset()
    full = rig.sync("lists", "list_profiles", method="FULL_TABLE")
    assert len(full.records("list_profiles")) == 6
    # The rows that follow must not be older than the table that the full read has made.
    (version,) = {one["version"] for one in full.messages if one.get("stream") == "list_profiles" and "version" in one}
    assert version > under_way["version"]
    assert rig.bookmarks["list_profiles"] == under_way | {
        "full": None,
        "version": version,
        "turn_at": text(rig.now),
    }
    rig.sync("lists", "list_profiles")
    assert len(rig.rows("list_profiles")) == 6
