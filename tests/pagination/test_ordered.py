"""Pages come out in the order of the segments, whatever happens in parallel behind it."""

import gc
import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo.pagination import reader as reader_module
from tap_klaviyo.pagination.budget import Budget
from tap_klaviyo.pagination.reader import OrderedReader, Segment, Step
from tap_klaviyo.records.page import Page


class Piece(Segment):
    """A segment that gives one page, and then the pieces in it."""

    def __init__(
        self,
        number: int,
        rest: Sequence[Segment] = (),
        *,
        size: int = 1,
        log: list[int] | None = None,
        waits: bool = False,
    ):
        self.waits = waits
        self.number = number
        self.rest = rest
        self.size = size
        self.log = [] if log is None else log

    def read(self) -> Step:
        self.log.append(self.number)
        return Step(Page(count=1, records=[{"n": self.number}], size=self.size), self.rest)


class Failing(Segment):
    def read(self) -> Step:
        msg = "no luck"
        raise RuntimeError(msg)


def tree(shape: list[tuple[int, bool]]) -> tuple[list[Segment], int]:
    """Segments whose pages, in order, are numbered from 0: each entry is a chain of so many pages, which may wait."""
    number = 0
    segments: list[Segment] = []
    for length, waits in shape:
        chain: list[Segment] = []
        for offset in reversed(range(length)):
            chain = [Piece(number + offset, chain, waits=waits)]
        number += length
        segments += chain
    return segments, number


def numbers(reader: OrderedReader) -> list[int]:
    return [record["n"] for page in reader for record in page.records]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=12), st.integers(1, 8), st.integers(1, 5))
def test_any_number_of_workers_gives_the_order_of_the_segments(shape, workers, byte_limit):
    segments, count = tree(shape)
    assert numbers(OrderedReader(segments, workers=workers, budget=Budget(byte_limit, first_guess=1))) == list(
        range(count)
    )


def test_a_failure_is_raised_in_its_turn():
    reader = OrderedReader([Piece(0), Piece(1), Failing(), Piece(3)], workers=3, budget=Budget(100, first_guess=1))
    found: list[int] = []
    with pytest.raises(RuntimeError, match="no luck"):
        found.extend(record["n"] for page in reader for record in page.records)
    assert found == [0, 1]


def test_what_waits_is_bounded():
    log: list[int] = []
    release = threading.Event()

    class Slow(Segment):
        def read(self) -> Step:
            release.wait(10)
            return Step(None)

    budget = Budget(100_000, first_guess=10_000)
    reader = OrderedReader([Slow(), *(Piece(n, size=10_000, log=log) for n in range(50))], workers=4, budget=budget)
    reader.come_first()
    reader.start()
    deadline = time.monotonic() + 60
    while len(log) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    # Beside the slow one, which counts twice, 80,000 bytes may wait or be set aside.
    assert 3 <= len(log) <= 7
    assert budget.held <= 100_000
    release.set()
    assert numbers(reader) == list(range(50))


def test_whoever_writes_sleeps_until_the_next_page_is_there(monkeypatch):
    """Pages that come before their turn wake nobody: with many small ones that took a fifth of the time."""
    monkeypatch.setattr(reader_module, "_WAKE_SECONDS", 60)
    log: list[int] = []
    waits_for_them = threading.Event()

    class Late(Segment):
        def read(self) -> Step:
            waits_for_them.wait(10)
            return Step(Page(count=1, records=[{"n": 0}]))

    class Early(Piece):
        def read(self) -> Step:
            time.sleep(0.005)
            step = super().read()
            if len(self.log) == 30:
                waits_for_them.set()
            return step

    early = [Early(number, log=log) for number in range(1, 31)]
    reader = OrderedReader([Late(), *early], workers=4, budget=Budget(100_000, first_guess=1))
    assert [page.count for page in reader] == [1] * 31


def test_pages_that_were_handed_over_are_let_go_of():
    """A chain keeps one worker busy; the others, which have read a page each before, must not hold what follows."""
    chain: list[Segment] = []
    for number in reversed(range(200)):
        chain = [Piece(number, chain)]
    reader = OrderedReader([*(Piece(-1) for _ in range(8)), *chain], workers=8, budget=Budget(4, first_guess=1))
    most = 0
    for page in reader:
        if page.count and page.records[0]["n"] % 20 == 0:
            most = max(most, sum(isinstance(one, Page) for one in gc.get_objects()))
    assert most < 30


def test_a_segment_is_cut_when_it_is_taken():
    class Range(Segment):
        def __init__(self, low: int, high: int):
            self.low, self.high = low, high

        def take(self) -> tuple[Segment, Segment | None]:
            rest = Range(self.low + 1, self.high) if self.high - self.low > 1 else None
            return Range(self.low, self.low + 1), rest

        def read(self) -> Step:
            return Step(Page(count=1, records=[{"n": self.low}], size=1))

    assert numbers(OrderedReader([Range(0, 20)], workers=5, budget=Budget(100, first_guess=1))) == list(range(20))


def test_closing_ends_the_workers():
    reader = OrderedReader([Piece(n) for n in range(100)], workers=3, budget=Budget(1, first_guess=1))
    reader.start("closing")
    next(iter(reader))
    reader.close()
    deadline = time.monotonic() + 60
    while _alive("closing") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive("closing")


def _alive(name: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{name}-")]
