"""What the comparison with the last release calls a loss."""

import re

import pytest

from benchmarks import accounts
from benchmarks.compare import lost


@pytest.mark.parametrize(
    ("now", "gone"),
    [(100.0, {}), (76.0, {}), (74.0, {"events": 0.26}), (1_000.0, {})],
    ids=["same", "a bit", "much", "gain"],
)
def test_a_quarter_of_the_speed_may_not_go(now: float, gone: dict[str, float]) -> None:
    assert lost({"events": 100.0, "removed": 5.0}, {"events": now, "new": 1.0}) == pytest.approx(gone)


def test_accounts_side_by_side_keep_to_what_the_example_says_of_them() -> None:
    text = accounts.README.read_text()
    said = re.search(r"more than (\d+) MB, nor more connections than `max_workers`, which is (\d+)", text)
    assert said is not None
    rows = [line.split("|")[1:-1] for line in text.splitlines() if re.match(r"\| \d+ \| \d+ \|", line)]
    assert [(int(row[0]), int(row[1])) for row in rows] == [*accounts.RUNS]
    for row in rows:
        assert float(row[5].removesuffix(" MB ")) < float(said[1])
        assert int(row[7]) <= int(said[2])


@pytest.mark.long
def test_accounts_side_by_side_are_all_read() -> None:
    found = accounts.measure(2, 2, ["--limits", "1000", "--events", "50", "--profiles", "20"])
    assert 0 < found.peak < found.together
    assert found.connections > 0
