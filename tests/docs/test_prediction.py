"""What `tools.prediction` says of an account is within a factor of 2 of what its syncs ask for."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_klaviyo import contract
from tap_klaviyo.contract import Limits
from tap_klaviyo.http.limits import Quota
from tap_klaviyo.sandbox import Shop
from tap_klaviyo.sandbox.shop.making import ANCHOR
from tests.http.wire import FakeTime
from tests.no_data_loss.rig import Rig
from tests.no_data_loss.test_sweeps import default_streams, middling
from tools import prediction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.prediction import Cost

REQUESTS, SECONDS = 1.3, 2.0  # factors
PAGE = Path(__file__).parents[2] / "docs" / "performance.md"


def small() -> Rig:
    return Rig(Shop(3, events=300, profiles=60), now=ANCHOR + timedelta(minutes=1))


def kept(requests: int, limits: Limits) -> float:
    """Seconds until the last of so many leaves, by the tap's own limiter."""
    time = FakeTime()
    quota = Quota(limits, 1, time.clock)
    quota.learn({}, time.now)
    for _ in range(requests):
        while wait := quota.take():
            time.now += wait
    return time.now - 1000


def asked_for(rig: Rig, streams: list[str]) -> Counter[str]:
    """Sync; the requests by endpoint."""
    rig.sandbox.requests.clear()
    assert not rig.sync(*streams).failures
    return Counter(one.path for one in rig.sandbox.requests)


def took(asked: Mapping[str, int]) -> float:
    """Seconds that the limits make these last: slow endpoints beside the others, those one after another."""
    newest = contract.newest()
    found = {path: newest.endpoint(path).limits for path in asked}
    by_path = {path: kept(asked[path], limits) for path, limits in found.items()}
    slow = [by_path[path] for path, limits in found.items() if limits.slow]
    return max(sum(by_path.values()) - sum(slow), *slow)


def near(predicted: float, real: float, factor: float) -> bool:
    return real / factor <= predicted <= real * factor


def agree(costs: list[Cost], asked: Mapping[str, int]) -> None:
    requests = sum(cost.requests for cost in costs)
    assert near(requests, sum(asked.values()), REQUESTS), (requests, asked)
    assert near(prediction.seconds(costs), took(asked), SECONDS), asked


@pytest.mark.parametrize("account", [small, middling])
def test_a_first_sync_a_sweep_and_the_hours_between_are_predicted(account) -> None:
    rig = account()
    streams = default_streams(rig)
    whole = asked_for(rig, streams)
    # Of its actions half are delays and branches; the messages themselves are not in that shop.
    sending = {"flow_messages": 80} if account is middling else {}
    sizes = {name: len(rig.rows(name)) for name in streams} | sending
    agree(prediction.first(sizes), whole)
    rig.later(hours=24)
    agree(prediction.first(sizes), asked_for(rig, streams))
    rig.later(hours=1)
    agree(prediction.between(sizes), asked_for(rig, streams))


@pytest.mark.parametrize("requests", [1, 2, 60, 61, 160, 1000])
@pytest.mark.parametrize("limits", [Limits(3, 60), Limits(10, 150), Limits(75, 750), Limits(1, 15)])
def test_the_time_that_limits_take_is_what_the_limiter_takes(requests: int, limits: Limits) -> None:
    # The limiter keeps some distance from each window's edge.
    assert prediction.by_limit(requests, limits) == pytest.approx(kept(requests, limits), rel=0.15, abs=1.5)


def test_what_takes_longest_is_named() -> None:
    sizes = {"events": 2_000_000, "flows": 400, "flow_actions": 1600, "flow_messages": 1600}
    lines = prediction.table_of(sizes, 0.3).splitlines()
    first, _, longest = lines[2:5]
    assert longest.startswith("| flow_messages |")
    assert first.split("|")[3] == longest.split("|")[3]


def test_the_page_names_the_command_of_its_example() -> None:
    command = PAGE.read_text().partition("tools.prediction ")[2].partition("```")[0]
    sizes = {name: int(rows) for name, rows in (size.split("=") for size in command.replace("\\", " ").split())}
    assert sizes == prediction.EXAMPLE
