"""A range that is read in windows has every row once and in order, however the rows lie."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.pagination import density as density_module
from tap_klaviyo.pagination.budget import Budget
from tap_klaviyo.pagination.density import DensityMap, Observation
from tap_klaviyo.pagination.reader import OrderedReader
from tap_klaviyo.pagination.windows import Window, Windowing
from tap_klaviyo.records.page import Page
from tap_klaviyo.records.rows import Rows

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


class Answer:
    def __init__(self, found, next_link):
        self.data = found
        self.next_link = next_link


class Server:
    """Rows by instant; filters from both sides, ascending order, next links: what a window needs of Klaviyo."""

    def __init__(self, offsets, page_size):
        self.instants = sorted(BEGIN + timedelta(seconds=offset) for offset in offsets)
        self.page_size = page_size
        self.requests = 0
        self.asked: list[tuple[datetime | None, datetime]] = []

    def first(self, conditions):
        (start, end) = conditions
        self.asked.append((start, end))
        return Link(
            [
                index
                for index, instant in enumerate(self.instants)
                if (start is None or instant >= start) and instant < end
            ]
        )

    def page(self, indexes):
        self.requests += 1
        return indexes[: self.page_size], indexes[self.page_size :]


class Link:
    """Stands in for link.Link: a request is the list of rows that it finds."""

    def __init__(self, request):
        self.rest = request

    def read(self, source):
        found, rest = source.page(self.rest)
        return Answer(found, rest), Link(rest) if rest else None


class Maker:
    def __init__(self, server):
        self.server = server

    def rows(self, document, _context):
        return Rows(document.data, [self.server.instants[index] for index in document.data])

    def page(self, rows):
        return Page(count=len(rows.records), records=[{"n": index} for index in rows.records], size=len(rows.records))


def read(offsets, *, page_size, workers, start, end, crowded=False):  # noqa: PLR0913
    server = Server(offsets, page_size)
    conditions: Any = lambda low, high: (low, high)  # noqa: E731
    shared = Windowing(
        cast("Any", server), cast("Any", Maker(server)), {}, conditions, lambda: crowded, parallel=workers > 1
    )
    reader = OrderedReader([Window(shared, start, end)], workers=workers, budget=Budget(10_000, first_guess=1))
    found = [record["n"] for page in reader for record in page.records]
    return server, found


class Astray(Server):
    """Orders rows otherwise than it says, and so filters them: each window is all of them."""

    def first(self, conditions):
        self.asked.append(conditions)
        return Link(list(range(len(self.instants))))


@pytest.mark.parametrize("page_size", [4, 50])
def test_rows_far_outside_of_their_window_are_written_where_they_come(page_size):
    """No other window need have them; a row within a second of an edge is one that the next window has."""
    server = Astray([0, 9.5, 12, 18, 20.5, 30], page_size)
    cast("Any", server.instants).insert(3, None)
    conditions: Any = lambda low, high: (low, high)  # noqa: E731
    shared = Windowing(cast("Any", server), cast("Any", Maker(server)), {}, conditions, lambda: False)
    segments: list[Any] = [Window(shared, BEGIN + timedelta(seconds=10), BEGIN + timedelta(seconds=20))]
    found = []
    while segments:
        step = segments.pop(0).read()
        found += [record["n"] for record in step.page.records]
        segments = [*step.rest, *segments]
    assert found == [0, 2, 3, 4, 6]


offsets_strategy = st.lists(
    st.one_of(
        st.integers(0, 5_000),  # spread
        st.integers(100, 103),  # ties
        st.integers(2_000, 2_040),  # a burst
    ),
    max_size=150,
)


@given(offsets_strategy, st.integers(1, 12), st.integers(1, 6), st.booleans(), st.booleans())
def test_every_row_once_and_in_order(offsets, page_size, workers, bounded, crowded):
    start = BEGIN if bounded else None
    end = BEGIN + timedelta(seconds=6_000)
    server, found = read(offsets, page_size=page_size, workers=workers, start=start, end=end, crowded=crowded)
    assert found == list(range(len(server.instants)))


def test_thirty_thousand_rows_in_one_second_are_chained():
    server, found = read([5] * 300 + [50], page_size=10, workers=4, start=BEGIN, end=BEGIN + timedelta(seconds=100))
    assert found == list(range(301))
    assert server.requests <= 33


def test_a_worker_alone_cuts_no_windows():
    """With nobody to read the rest meanwhile, a window that comes back half empty is a request too many."""
    end = BEGIN + timedelta(seconds=5_000)
    server, _ = read(range(0, 4_000, 3), page_size=20, workers=1, start=BEGIN, end=end)
    assert {high for _, high in server.asked} == {end}
    several, _ = read(range(0, 4_000, 3), page_size=20, workers=5, start=BEGIN, end=end)
    assert {high for _, high in several.asked} > {end}


def test_windows_are_whole_seconds_and_never_empty_ranges():
    server, _ = read(range(0, 4_000, 3), page_size=20, workers=5, start=BEGIN, end=BEGIN + timedelta(seconds=5_000))
    for low, high in server.asked:
        assert low is None or (low < high and low.microsecond == 0)
        assert high.microsecond == 0


def test_even_rows_fill_their_pages():
    server, found = read(
        range(0, 40_000, 4), page_size=100, workers=8, start=BEGIN, end=BEGIN + timedelta(seconds=40_000)
    )
    assert len(found) == 10_000
    assert server.requests <= 100 * 1.35


def rounds(offsets, *, page_size, workers, end, crowded):
    """Read in rounds, as workers do whose requests all take as long: each takes a segment, then all are read."""
    server = Server(offsets, page_size)
    conditions: Any = lambda low, high: (low, high)  # noqa: E731
    shared = Windowing(cast("Any", server), cast("Any", Maker(server)), {}, conditions, lambda: crowded)
    waiting: list[Any] = [Window(shared, BEGIN, end)]
    count = 0
    while waiting:
        taken: list[Any] = []
        while waiting and len(taken) < workers:
            segment, left_over = waiting.pop(0).take()
            taken.append(segment)
            if left_over is not None:
                waiting.insert(0, left_over)
        waiting = [rest for segment in taken for rest in segment.read().rest] + waiting
        count += 1
    return server.requests, count


@pytest.mark.parametrize(
    ("crowded", "most_requests", "most_rounds"), [(False, 1.6, 17), (True, 1.3, 18)], ids=["room", "no room"]
)
def test_behind_a_burst_few_pages_are_nearly_empty(crowded, most_requests, most_rounds):
    """Ten campaigns in a year: each brings 1,800 rows, ever fewer of them in the hours after it."""
    year, rows, page_size = 365 * 86_400, 1_800, 100
    bursts = [
        campaign * year // 11 - int(5_400 * math.log(1 - (row + 0.5) / rows))
        for campaign in range(1, 11)
        for row in range(rows)
    ]
    offsets = [*bursts, *range(0, year, year // 2_000)]
    requests, count = rounds(
        offsets, page_size=page_size, workers=24, end=BEGIN + timedelta(seconds=year), crowded=crowded
    )
    assert requests <= len(offsets) / page_size * most_requests
    assert count <= most_rounds


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50), st.integers(0, 500)), max_size=60), st.integers(0, 200)
)
def test_the_nearest_observation_ends_before_the_instant(observations, instant):
    density = DensityMap()
    for start, width, rows in observations:
        density.add(evenly(start, width, rows))
    found = density.before(instant)
    ended = [start for start, width, _ in observations if start + width <= instant]
    assert (found is None) == (not ended)
    if found is not None:
        nearest, width = found
        assert nearest.end <= instant
        assert nearest.start == max(ended)
        assert width >= nearest.width


def evenly(start, width, rows):
    return Observation.of(start, start + width, [start + width * row / rows for row in range(rows)])


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=200), st.floats(1, 500))
def test_the_ends_of_a_page_tell_what_a_quarter_of_its_rows_do(offsets, margin):
    instants = sorted(offsets)
    start, end = instants[0] - margin, instants[-1] + margin
    found = Observation.of(start, end, instants)
    quarter = -(-len(instants) // 4)
    behind = instants[quarter] if quarter < len(instants) else end
    assert found.first * max(1, behind - start) == pytest.approx(quarter)
    assert found.last * max(1, end - instants[-quarter]) == pytest.approx(quarter)
    assert 0 < found.width <= end - start + 1e-6 or found.last == quarter  # within a second


def test_a_page_that_ends_in_a_burst_says_how_dense_that_is():
    quiet = [float(hour * 3600) for hour in range(50)]
    burst = [quiet[-1] + 60 + second for second in range(50)]
    found = Observation.of(0, burst[-1] + 1, [*quiet, *burst])
    assert found.density < found.last / 1000
    assert (found.first, found.last) == pytest.approx((1 / 3600, 1), rel=0.05)
    assert found.width == pytest.approx(25)
    level = evenly(0, 1000, 100)
    assert (level.first, level.last, level.width) == pytest.approx((0.1, 0.1, 1000))
    assert Observation.of(0, 10, []) == Observation(0, 10, 0, 0, 0)


def test_of_many_observations_the_oldest_half_is_forgotten(monkeypatch):
    monkeypatch.setattr(density_module, "_REMEMBERED", 4)
    density = DensityMap()
    for start in range(5):
        density.add(evenly(start, 1, 10 * 3**start))
    nearest = [density.before(instant) for instant in range(1, 6)]
    assert [found and found[0].start for found in nearest] == [None, None, 2, 3, 4]
