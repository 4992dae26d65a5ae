"""An Airflow 3 DAG that loads every Klaviyo account, a task for each.

The workers have tap-klaviyo and the target in their PATH. They share a disk with sync.sh (from examples/schedule) and a
folder for each account, which has its config.json and target.json and keeps its state.json. Another account is a name
in `ACCOUNTS`, a folder, and a connection whose password is the account's key.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

HOME = Path(os.environ.get("KLAVIYO_HOME", "/opt/klaviyo"))
ACCOUNTS = ("north", "south", "west")

with DAG(
    "klaviyo",
    schedule="17 * * * *",
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow takes it in its default timezone
    catchup=False,  # the state says where a run goes on; missed hours need no run of their own
    max_active_runs=1,  # two at once would share the limits of an account and write over each other's state
    max_active_tasks=4,
    default_args={
        "retries": 2,  # the tap has retried requests already; this is for workers that went away
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=6),  # what was loaded until then stays loaded
    },
) as dag:
    for account in ACCOUNTS:
        BashOperator(
            task_id=account,
            bash_command=f"{HOME}/sync.sh {HOME}/{account} target-postgres --config target.json",
            # Airflow masks the passwords of connections in its logs.
            env={"TAP_KLAVIYO_AUTH_TOKEN": f"{{{{ conn.klaviyo_{account}.password }}}}"},
            append_env=True,
        )
