"""Random accounts, changes, faults, kills and clocks: after some runs, each table is what the shop says.

Everything follows from a seed, which stands in the test's name and in its failure. By default 25 scenarios are played;
`uv run pytest -m long tests/no_data_loss/test_campaign.py` plays 500 more, and 200 in which every run is cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.no_data_loss.campaign.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Callable


def play(seed: int, how: Callable[[Scenario], None] = Scenario.play) -> None:
    """Play a scenario; its story goes before a failure."""
    scenario = Scenario(seed)
    try:
        how(scenario)
    except AssertionError as failure:
        told = [f"seed {seed}: {scenario.streams} {scenario.options} ahead={scenario.rig.ahead}", *scenario.said]
        raise AssertionError("\n".join([str(failure), *told])) from failure


@pytest.mark.parametrize("seed", range(25))
def test_a_scenario(seed):
    play(seed)


@pytest.mark.parametrize("seed", [5014, 5030, 5043, 5045, 5053, 5085])  # each caught something
def test_runs_that_are_always_cut_off_come_to_an_end(seed):
    play(seed, Scenario.play_cut_off)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5100, 5300))
def test_many_runs_that_are_always_cut_off_come_to_an_end(seed):
    play(seed, Scenario.play_cut_off)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1500))
def test_one_of_many_scenarios(seed):
    play(seed)
