"""Nothing is lost, and nothing is invented.

Each test compares what an upserting target holds with the shop that was read: random shops full of ties, rows that
change while they are listed, answers that are wrong, runs that are killed, states of other taps.

What the code looked like when these tests were seen to fail, and which one it was:

1. `filters.from_bound` without the second before `greater-than`: `test_ties.py`, two syncs of profiles.
2. Archived campaigns read from the bookmark like all others: `test_moving.py`, archived while listed and between syncs.
3. Reviews of a full read sorted newest first, so that a row that changes gets behind the reader and is dropped from the
   target: `test_moving.py`, updated while listed.
4. `writer.write_lines` with one `write` a page, which ends early where a signal comes in between and output is
   unbuffered, and a STATE behind half a page: `test_stopping.py`, in the middle of a page.
5. Lists declared sorted, so that the bookmark follows an order that breaks off before it shows to be none:
   `test_faults.py`, an answer out of order that breaks off.
6. A full page of a window that goes on a second after its last row: `test_ties.py`, two syncs of events.
7. The order of a window's rows not looked at: `test_faults.py`, a page out of order.
8. A fan-out that is resumed with a new bound: `test_faults.py`, a fan-out goes on.
9. A lookback from the bookmark, not from the last lookback; a bookmark that is not capped: `test_bookmarks.py`.
10. Rows from now on read before the windows of a full read: `test_moving.py`, a profile behind the reader.
11. The left edge of a window forgotten, so that a page of rows from the second before it is read for ever:
    `test_ties.py`, two syncs of profiles and ties around the second of the bookmark, which lose their patience.
12. No probe for rows without a date: `test_bookmarks.py`, rows without a date come with every sync, and with a first
    one.
13. An empty page ends its chain although it has a next link: `test_faults.py`, what passes does no harm.
14. A stream that failed is finished like any other: `test_faults.py`, a stream that fails goes on later, a fan-out goes
    on, an answer out of order that breaks off; `test_bookmarks.py`, a lookback that was cut short.
15. A STATE that goes out before the page that it vouches for: `test_killed.py`.
16. Campaigns declared sorted: `test_faults.py`, a stream that fails goes on later.
17. A row at the edge of two windows taken by both: `test_ties.py`, two syncs of events, where bounds are loose.
18. Pages of one filter of several taken for ordered: `test_metrics.py`, the bookmark does not pass what another filter
    has yet to read.
"""

from __future__ import annotations

import pytest

from tests.no_data_loss.rig import Rig


@pytest.fixture(scope="module", params=[1, 24], ids=["one worker", "24 workers"])
def one_or_many(request):
    """How many requests are in flight, where a test does not say it itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rig, "workers", request.param)
        yield
