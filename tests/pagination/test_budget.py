"""All streams together hold no more than the budget, and none of them is kept from going on."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from typing import Any, cast
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_klaviyo import sandbox
from tap_klaviyo.pagination.budget import Budget
from tap_klaviyo.pagination.reader import OrderedReader, Segment, Step
from tap_klaviyo.records.page import Page
from tap_klaviyo.sandbox import Shop
from tests.no_data_loss.rig import Rig

PAGE = 10_000
LIMIT = 1_200_000
ASKED = 2 * PAGE + 1024  # what is set aside for a page: its body, and its lines
SHARE = LIMIT / 3 / 2 / 4  # half of a third, in the background, for each of four

operations = st.lists(st.tuples(st.sampled_from(["ask", "came", "written"]), st.integers(0, 4)), max_size=300)
sizes = st.lists(st.integers(0, 4 * PAGE), min_size=1, max_size=20)


class Streams:
    """Five readers of one budget, the first of which is being written, and what each of them has."""

    def __init__(self) -> None:
        self.budget = Budget(LIMIT, first_guess=PAGE)
        self.accounts = [self.budget.account() for _ in range(5)]
        self.accounts[0].come_first()
        self.in_hand: dict[int, deque[int]] = defaultdict(deque)
        self.pages: dict[int, deque[tuple[int, int]]] = defaultdict(deque)

    def ask(self, number: int, *, next_to_write: bool = False) -> bool:
        set_aside = self.accounts[number].ask(next_to_write=next_to_write)
        if set_aside is not None:
            self.in_hand[number].append(set_aside)
        return set_aside is not None

    def came(self, number: int, size: int) -> None:
        if self.in_hand[number]:
            set_aside = self.in_hand[number].popleft()
            self.accounts[number].came(set_aside, size)
            self.pages[number].append((size, set_aside))

    def written(self, number: int) -> None:
        if self.pages[number]:
            self.accounts[number].written(self.pages[number].popleft()[0])

    @property
    def held(self) -> int:
        in_hand = sum(map(sum, self.in_hand.values()))
        return in_hand + sum(size + 1024 for pages in self.pages.values() for size, _ in pages)

    @property
    def surprise(self) -> int:
        return sum(max(0, size + 1024 - aside) for pages in self.pages.values() for size, aside in pages)


@given(operations, sizes)
def test_what_is_held_exceeds_the_budget_by_one_page_and_by_what_was_not_expected(steps, pages):
    streams, largest = Streams(), 0
    for at, (what, number) in enumerate(steps):
        size = pages[at % len(pages)]
        if what == "ask":
            # The stream that is being written has nothing left: its next page is asked for whatever is held.
            must = number == 0 and not streams.in_hand[0] and not streams.pages[0]
            assert streams.ask(number, next_to_write=must) or not must
            largest = max(largest, *(max(held, default=0) for held in streams.in_hand.values()))
        elif what == "came":
            streams.came(number, size)
        else:
            streams.written(number)
        assert streams.budget.held == streams.held
        assert streams.held <= LIMIT + largest + streams.surprise


@given(operations)
def test_each_stream_in_the_background_has_its_share_whoever_was_first(steps):
    streams = Streams()
    assert 2 * ASKED < SHARE
    for what, number in steps:
        if what == "ask":
            before = streams.accounts[number].held
            assert streams.ask(number) or number == 0 or before + ASKED > SHARE
        elif what == "came":
            streams.came(number, PAGE)
        else:
            streams.written(number)
    behind = sum(account.held for account in streams.accounts[1:])
    assert behind <= LIMIT / 3
    assert streams.held <= LIMIT


def test_the_stream_that_is_written_has_all_that_the_others_leave():
    streams = Streams()
    for number in (1, 2, 3, 4):
        while streams.ask(number):
            pass
    behind = streams.held
    assert 0 < behind <= LIMIT / 3
    while streams.ask(0):
        pass
    kept_free = sum(max(0, SHARE - account.held) for account in streams.accounts[1:])
    assert LIMIT - ASKED < streams.held + kept_free <= LIMIT
    assert streams.ask(0, next_to_write=True)
    assert not streams.ask(1, next_to_write=True)


def test_who_was_refused_is_woken_when_there_is_room():
    woken: list[str] = []
    budget = Budget(3 * ASKED, first_guess=PAGE)
    first, other = budget.account(lambda: woken.append("first")), budget.account(lambda: woken.append("other"))
    first.come_first()
    taken = first.ask(next_to_write=False)
    assert taken == ASKED
    while first.ask(next_to_write=False) is not None:
        pass
    assert other.ask(next_to_write=True) is None
    assert woken == []
    first.came(taken, PAGE)
    assert sorted(woken) == ["first", "other"]
    first.written(PAGE)
    assert len(woken) == 2  # nobody was refused since
    assert other.ask(next_to_write=False) is None
    first.close()
    assert woken[2:] == ["other"]
    assert budget.held == 0


class Large(Segment):
    """Gives one page, and counts what the budget is held by then."""

    def __init__(self, budget: Budget, seen: list[int], size: int) -> None:
        self.budget, self.seen, self.size = budget, seen, size

    def read(self) -> Step:
        self.seen.append(self.budget.held)
        return Step(Page(count=1, size=self.size))


@pytest.mark.parametrize("size", [PAGE, 50 * PAGE])
def test_readers_that_are_consumed_one_after_the_other_come_to_an_end_within_the_budget(size):
    """Pages that are larger than the budget come one by one."""
    budget = Budget(LIMIT, first_guess=size)
    seen: list[int] = []
    readers = [
        OrderedReader([Large(budget, seen, size) for _ in range(40)], workers=4, budget=budget) for _ in range(6)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        assert sum(page.count for page in reader) == 40
        reader.close()
    assert len(seen) == 240
    assert max(seen) <= LIMIT + 2 * size + 1024
    assert budget.held == 0


def test_a_page_is_held_until_the_target_has_taken_it():
    budget = Budget(LIMIT, first_guess=PAGE)
    reader = OrderedReader([Large(budget, [], PAGE)], workers=1, budget=budget)
    written = [budget.held for page in reader if page.count]
    assert written == [PAGE + 1024]
    assert budget.held == 0


def test_the_readers_of_a_sync_share_one_budget():
    rig = Rig(Shop(events=400, profiles=60))
    tap = rig.tap("events", "lists", "list_profiles")
    budget = tap.session.budget
    with mock.patch.object(sandbox, "shared", return_value=rig.sandbox):
        for stream in tap.klaviyo_streams():
            _, reader = stream.beginning.begin()
            reader.start()
            assert reader.ready(60)
            assert budget.held > 0, stream.name
            stream.beginning.close()
            assert budget.held == 0, stream.name


def test_a_reader_that_is_closed_gives_back_what_is_still_on_its_way():
    budget = Budget(LIMIT, first_guess=PAGE)
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Segment):
        def read(self) -> Step:
            begun.set()
            go_on.wait(10)
            return Step(Page(count=1, size=PAGE))

    reader = OrderedReader([Slow(), Slow()], workers=1, budget=budget)
    reader.start()
    assert begun.wait(10)
    assert budget.held == ASKED
    reader.close()
    assert budget.held == 0
    go_on.set()


def test_a_stream_that_begins_when_everything_is_taken_waits():
    budget = Budget(LIMIT, first_guess=PAGE)
    first = budget.account()
    first.come_first()
    while first.ask(next_to_write=False) is not None:
        pass
    assert budget.account().ask(next_to_write=True) is None


def test_one_whose_turn_comes_while_it_asks_has_room():
    """Refused after the others were woken, it would wait for ever."""
    budget = Budget(1, first_guess=10)
    account = budget.account()

    class TurnComes:
        def __init__(self):
            self.lock = threading.Lock()
            self.come = account.come_first

        def __enter__(self):
            come, self.come = self.come, lambda: None
            come()
            self.lock.acquire()

        def __exit__(self, *_error):
            self.lock.release()

    budget._lock = cast("Any", TurnComes())
    assert account.ask(next_to_write=True) is not None
