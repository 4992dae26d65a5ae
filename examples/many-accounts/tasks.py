"""A Dagster job that loads every account of meltano.yml, a task for each group of an account's streams."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import dagster
import yaml

PROJECT = Path(__file__).parent
GROUPS = {"klaviyo-events", "klaviyo-people"}
EXTRACTORS = yaml.safe_load((PROJECT / "meltano.yml").read_text())["plugins"]["extractors"]
SIDE_BY_SIDE = int(os.environ.get("TASKS", "4"))


def task(plugin: str) -> dagster.OpDefinition:
    """Return a task that runs Meltano on one plugin; state and log of the run are in a database of its own."""

    @dagster.op(name=plugin.replace("-", "_"))
    def load() -> None:
        database = f"sqlite:///{PROJECT / '.meltano' / plugin}.db"
        command = ["meltano", "run", plugin, "target-duckdb"]
        subprocess.run(command, cwd=PROJECT, env={**os.environ, "MELTANO_DATABASE_URI": database}, check=True)

    return load


# A task's process is forked from one that has Dagster loaded, which saves each of them seconds.
FORKED = {"forkserver": {"preload_modules": ["dagster", "yaml"]}}
EXECUTOR = dagster.multiprocess_executor.configured({"max_concurrent": SIDE_BY_SIDE, "start_method": FORKED})


@dagster.job(executor_def=EXECUTOR)
def klaviyo() -> None:
    """Load all accounts. Tasks do not wait for each other, and one that fails stops no other."""
    for extractor in EXTRACTORS:
        if extractor.get("inherit_from") in GROUPS:
            task(extractor["name"])()
