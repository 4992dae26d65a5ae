"""Fivetran's package, as its registry has it, on our views."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.docs.blocks import blocks
from tests.examples.attribution import asked, credited
from tests.examples.test_dbt import PROJECT
from tests.targets.installed import installed

FIVETRAN = PROJECT.with_name("dbt-fivetran")
REQUIREMENTS = [line for line in (FIVETRAN / "requirements.txt").read_text().splitlines() if line[0] != "#"]
SUMS = """
select {kind}_id, sum(coalesce(sum_revenue_placed_order + sum_revenue_ordered_product + sum_revenue_refunded_order, 0))
from fivetran_klaviyo_klaviyo.klaviyo__{kind}s group by 1
"""


def test_the_variables_to_copy_are_those_of_the_project():
    (block,) = [block for block in blocks((FIVETRAN / "README.md").read_text()) if block.language == "yaml"]
    assert block.text.strip() in (FIVETRAN / "dbt_project.yml").read_text()


@pytest.mark.online
@pytest.mark.timeout(900)
def test_the_package_credits_to_campaigns_and_flows_what_the_shop_does(loaded, tmp_path):
    connect, environment, target = loaded
    home = installed(*REQUIREMENTS, "dbt-postgres<1.11")

    def dbt(*args):
        done = subprocess.run(
            [home / "bin" / "dbt", "--no-use-colors", *args, "--profiles-dir", PROJECT, "--log-path", tmp_path],
            check=False,
            cwd=FIVETRAN,
            env={**os.environ, **environment, "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]

    dbt("deps")
    for _ in range(2):  # the second build adds to what the first one made
        for project in ("klaviyo_example.fivetran", "package:klaviyo"):
            dbt("build", "--select", project, "--target", target, "--target-path", tmp_path)
        for kind in ("campaign", "flow"):
            found = {name: value for name, value in asked(home, connect, SUMS.format(kind=kind)) if value}
            assert found == pytest.approx({name: value for name, value in credited(kind).items() if value}, abs=0.005)
