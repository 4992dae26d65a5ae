"""Which metrics the settings mean: by id, by name, by name and integration, and by what a name meant before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_klaviyo.contract import filters, newest
from tap_klaviyo.contract.filter_parser import conditions
from tap_klaviyo.streams.metric_segments import stretches
from tap_klaviyo.sync.metric import Metric, UnknownMetricError, matching, meaning, unknown
from tap_klaviyo.sync.metric_choice import MetricChoice, NoMetricError, choose, known_without_list
from tap_klaviyo.sync.metric_memory import MetricMemory

SHOPIFY = Metric("aaaaaa", "Placed Order", "Shopify", "2024-01-01 00:00:00+00:00")
WOO = Metric("bbbbbb", " Placed Order", "WooCommerce", "2023-01-01T00:00:00+00:00")
OPENED = Metric("cccccc", "Opened Email", "Klaviyo", "2022-01-01T00:00:00+00:00")
METRICS = [SHOPIFY, WOO, OPENED]


def silent(line: str) -> None:
    pytest.fail(line)


def choice(*wanted: str, excluded: tuple[str, ...] = ()) -> MetricChoice:
    return MetricChoice(wanted, "metrics", excluded, "exclude_metrics")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Placed Order", [WOO, SHOPIFY]),
        ("placed order ", [WOO, SHOPIFY]),
        ("Placed Order (Shopify)", [SHOPIFY]),
        ("placed order (WOOCOMMERCE)", [WOO]),
        ("bbbbbb", [WOO]),
        ("Placed Order (Magento)", []),
    ],
)
def test_what_a_name_means(wanted, found):
    assert matching(METRICS, wanted) == found
    assert meaning(METRICS, wanted, [], silent) == found


def test_a_name_with_brackets_of_its_own_comes_first():
    own = Metric("dddddd", "Placed Order (Shopify)")
    assert matching([*METRICS, own], "Placed Order (Shopify)") == [own]


def test_what_was_meant_once_stays_whatever_it_is_named():
    said: list[str] = []
    assert meaning(METRICS, "SMS", ["cccccc", "gone11"], said.append) == [OPENED]
    assert len(said) == 2
    assert "'SMS' is named 'Opened Email' by now" in said[0]
    assert "gone11" in said[1]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("Placed Ordr", "(did you mean 'Placed Order'?)"),
        ("Placed Order (Shopfy)", "did you mean 'Placed Order (Shopify)', 'Placed Order' or 'Placed Order (Woo"),
        ("xyz", "unknown metric 'xyz': set metrics to"),
    ],
)
def test_what_fits_nothing_is_refused_with_the_nearest(wanted, words):
    assert words in str(unknown(METRICS, wanted, "metrics"))
    with pytest.raises(UnknownMetricError):
        choose(choice("Opened Email", wanted), METRICS, {}, silent)
    with pytest.raises(UnknownMetricError):
        choose(choice(excluded=(wanted,)), METRICS, {}, silent)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (choice("aaaaaa", "Opened Email", excluded=("Placed Order",)), "metric 'aaaaaa' is both wanted and excluded"),
        (choice(excluded=("Placed Order", "cccccc")), "no metric is left to read: take one out of exclude_metrics"),
    ],
)
def test_what_leaves_nothing_is_refused(wanted, words):
    with pytest.raises(NoMetricError, match=words):
        choose(wanted, METRICS, {}, silent)


names = st.sampled_from(["A", "B", "C", "a", " A", "C "])
accounts = st.lists(
    st.builds(Metric, st.text("xyz", min_size=6, max_size=6), names), max_size=8, unique_by=lambda m: m.id
)


@given(accounts, st.lists(names, max_size=3), st.lists(names, max_size=2), st.data())
def test_a_choice_is_what_is_wanted_without_what_is_not(metrics, wanted, excluded, data):
    wanted, excluded = [list(dict.fromkeys(one.strip() for one in given)) for given in (wanted, excluded)]
    renamed = {name: data.draw(st.lists(st.sampled_from([m.id for m in metrics]), max_size=2)) if metrics else []
               for name in (*wanted, *excluded)}  # fmt: skip

    def ids(name: str) -> set[str]:
        exact = {m.id for m in metrics if m.name.strip() == name}
        return (exact or {m.id for m in metrics if m.name.strip().lower() == name.lower()}) | set(renamed[name])

    out = set().union(*map(ids, excluded))
    taken = set().union(*map(ids, wanted)) if wanted else {m.id for m in metrics}
    asked = choice(*wanted, excluded=tuple(excluded))
    if (
        any(not ids(name) for name in (*wanted, *excluded))
        or any(ids(name) <= out for name in wanted)
        or not taken - out
    ):
        with pytest.raises((UnknownMetricError, NoMetricError)):
            choose(asked, metrics, renamed, lambda _: None)
        return
    found = choose(asked, metrics, renamed, lambda _: None)
    assert found.ids == tuple(sorted(taken - out))
    assert {name: set(meant) for name, meant in found.meant.items()} == {name: ids(name) for name in renamed}
    # What is remembered of it means the same in an account whose metrics all have other names.
    others = [Metric(m.id, f"renamed {m.id}") for m in metrics]
    if wanted:
        assert choose(asked, others, found.meant, lambda _: None).ids == found.ids


def test_a_key_that_lists_no_metrics_takes_ids_and_what_is_remembered():
    assert known_without_list(choice("aaaaaa"), {}) == [Metric("aaaaaa", "aaaaaa")]
    assert known_without_list(choice("Placed Order"), {"Placed Order": ["x", "y"]}) == [
        Metric("x", "Placed Order"),
        Metric("y", "Placed Order"),
    ]
    assert known_without_list(choice("Placed Order"), {}) is None
    assert known_without_list(choice(excluded=("aaaaaa",)), {}) is None


@given(st.dictionaries(st.text(), st.lists(st.text(max_size=6))), st.none() | st.sets(st.text(max_size=6)))
def test_what_is_remembered_comes_back(meant, read):
    state: dict[str, object] = {}
    MetricMemory(state, "events").note(meant, read)
    found = MetricMemory(state, "events")
    assert found.meant == {name: tuple(ids) for name, ids in meant.items()}
    assert found.read == (None if read is None else frozenset(read))
    assert isinstance(state["metrics"], list), "an object would be merged into what was there before"


@given(st.lists(st.text(min_size=1).filter(lambda text: "\x00" not in text), min_size=1, max_size=5))
@example(["a'b", 'c"d', "e\\f"])
def test_a_condition_of_several_values_is_one_that_klaviyo_takes(values):
    condition = filters.among("metric_id", values)
    assert conditions(condition, newest().endpoint("/api/events").filters) == [condition]
    assert ("[" in condition.partition(",")[2][:1]) == (len(values) > 1)


instants = st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.none() | instants, instants)
@example(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=180))
def test_stretches_lie_side_by_side(lower, until):
    if lower is not None and lower > until:
        assert stretches(lower, until) == []
        return
    found = stretches(lower, until)
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]
    if lower == until:
        assert found == []
        return
    assert (found[0][0], found[-1][1]) == (lower, until)
    assert all(start is None or start < end <= start + timedelta(days=90) for start, end in found)
