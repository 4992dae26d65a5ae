"""What the comparison with the last release calls a loss."""

import pytest

from benchmarks.compare import lost


@pytest.mark.parametrize(
    ("now", "gone"),
    [(100.0, {}), (76.0, {}), (74.0, {"events": 0.26}), (1_000.0, {})],
    ids=["same", "a bit", "much", "gain"],
)
def test_a_quarter_of_the_speed_may_not_go(now: float, gone: dict[str, float]) -> None:
    assert lost({"events": 100.0, "removed": 5.0}, {"events": now, "new": 1.0}) == pytest.approx(gone)
