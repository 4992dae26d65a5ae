"""How many bytes the pages of all streams may hold, from the request that is to bring one until it is written.

A page that is asked for counts twice what the stream's pages come to: its body is there while its lines are made.
The stream whose turn it is may use what the others leave, and may always read the page that is written next: so
nothing that is full stands in the way of what would empty it. Streams that read in the background share a third:
half of that is theirs in equal parts, whoever was first, the other half goes to whoever asks.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

BUDGET = 96 << 20
# What a stream's first page is taken for; most are smaller.
_FIRST_GUESS = 512 << 10
# What a page takes beside its lines: one without any is not free, since a fan-out can have very many.
_OVERHEAD = 1 << 10
# A body while its lines are made of it: both are there.
_IN_HAND = 2
# The largest page of late is expected again; how much less with each page that is smaller.
_FADING = 15 / 16
_BACKGROUND = 1 / 3


class Budget:
    """Shared by the readers of one sync, each of which has an account; any thread may use it.

    What is held exceeds ``limit`` by no more than one page, and by what pages turn out larger than expected.

    Args:
        limit: Bytes in all.
        first_guess: What the first page of an account is taken for, in bytes.
    """

    def __init__(self, limit: int = BUDGET, *, first_guess: int = _FIRST_GUESS) -> None:
        self._limit = limit
        self._first_guess = first_guess
        self._lock = threading.Lock()
        self._accounts: set[Account] = set()
        self._refused: set[Account] = set()

    @property
    def held(self) -> int:
        """Bytes that are held now, or set aside for pages that were asked for."""
        with self._lock:
            return sum(account.held for account in self._accounts)

    def account(self, wake: Callable[[], None] = lambda: None) -> Account:
        """Open an account; ``wake`` is called when there may be room again for one that was refused."""
        account = Account(self, wake, self._first_guess)
        with self._lock:
            self._accounts.add(account)
        return account

    def come_first(self, account: Account) -> None:
        """Give an account more room from now on."""
        # Under the lock: one who is refused because it is not first must be among those that are woken.
        with self._lock:
            account.first = True
        self.wake()

    def set_aside(self, account: Account, size: int, *, next_to_write: bool) -> bool:
        """Set bytes aside for a page; tell whether there was room, as there always is for what is written next."""
        with self._lock:
            fits = (next_to_write and account.first) or account not in self._accounts or self._has_room(account, size)
            if fits:
                account.held += size
            else:
                self._refused.add(account)
            return fits

    def put(self, account: Account, change: int) -> None:
        """Add to what an account holds, or take from it."""
        with self._lock:
            account.held += change
        if change < 0:
            self.wake()

    def close(self, account: Account) -> None:
        """Forget an account and what it holds."""
        with self._lock:
            self._accounts.discard(account)
            self._refused.discard(account)
        self.wake()

    def wake(self) -> None:
        """Let those try again that were refused."""
        with self._lock:
            refused = [*self._refused]
            self._refused.clear()
        # Not under the lock: a reader asks for room under its own.
        for account in refused:
            account.wake()

    def _has_room(self, account: Account, size: int) -> bool:
        left = self._limit - size - sum(one.held for one in self._accounts)
        behind = {one for one in self._accounts if not one.first}
        theirs = self._limit * _BACKGROUND / 2
        share = theirs / max(1, len(behind))
        if account in behind and account.held + size <= share:
            return left >= 0
        if left < sum(max(0, share - one.held) for one in behind - {account}):
            return False
        return account.first or sum(max(0, one.held - share) for one in behind) + size <= theirs


@dataclass(eq=False, slots=True)
class Account:
    """What one reader holds of the budget."""

    budget: Budget
    wake: Callable[[], None]
    expected: float
    """Bytes that the next page is expected to hold."""
    first: bool = False
    """Whether it is this reader's turn to be written."""
    held: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def come_first(self) -> None:
        """Have more room from now on: it is this reader's turn."""
        if not self.first:
            self.budget.come_first(self)

    def ask(self, *, next_to_write: bool) -> int | None:
        """Set bytes aside for a page to be read, and return how many; None if there is no room for it now."""
        size = int(self.expected * _IN_HAND) + _OVERHEAD
        fits = self.budget.set_aside(self, size, next_to_write=next_to_write)
        return size if fits else None

    def came(self, set_aside: int, size: int) -> None:
        """Say how large the page turned out for which bytes were set aside."""
        with self._lock:
            self.expected = max(size, self.expected * _FADING)
        self.budget.put(self, size + _OVERHEAD - set_aside)

    def written(self, size: int) -> None:
        """Say that a page is gone."""
        self.budget.put(self, -size - _OVERHEAD)

    def close(self) -> None:
        """Give everything back; what still comes is dropped."""
        self.budget.close(self)
