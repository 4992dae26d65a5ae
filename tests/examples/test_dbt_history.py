"""What a list was called, who was on it and what a profile consented to stays, once the tables say otherwise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.examples.test_dbt import PROJECT, REQUIREMENTS
from tests.targets.installed import installed

CHANGE = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1])
def one(question):
    return connection.execute(question).fetchone()[0]
renamed = one("select min(id) from klaviyo.lists")
moved = one("select min(id) from klaviyo.profiles where subscriptions is not null")
left = one("select min(profile_id) from klaviyo.list_profiles where list_id = '" + renamed + "'")
before = one("select name from klaviyo.lists where id = '" + renamed + "'")
subscriptions = json.loads(one("select subscriptions from klaviyo.profiles where id = '" + moved + "'"))
consent = subscriptions["email"]["marketing"]["consent"]
subscriptions["email"]["marketing"]["consent"] = "MADE_UP"
connection.execute("update klaviyo.lists set name = 'Renamed' where id = ?", [renamed])
connection.execute("update klaviyo.profiles set subscriptions = ? where id = ?", [json.dumps(subscriptions), moved])
connection.execute("delete from klaviyo.list_profiles where list_id = ? and profile_id = ?", [renamed, left])
json.dump([[renamed, before], [moved, consent], [renamed, left]], sys.stdout)
"""
HISTORY = """
import duckdb, json, sys
connection = duckdb.connect(sys.argv[1], read_only=True)
questions = {
    "list": "select id, name, dbt_valid_to is null from fivetran_klaviyo.list_history",
    "consent": "select profile_id, email_consent, dbt_valid_to is null from fivetran_klaviyo.consent_history",
    "member": "select list_id, profile_id, dbt_valid_to is null from fivetran_klaviyo.member_history",
}
json.dump({name: connection.execute(question).fetchall() for name, question in questions.items()}, sys.stdout)
"""


@pytest.mark.long
def test_history_keeps_what_was_there_before(duckdb_loaded, first_sync, tmp_path):
    loaded, _ = duckdb_loaded
    file = shutil.copy(loaded.config.with_name("warehouse.duckdb"), tmp_path)
    home = installed(*REQUIREMENTS)

    def python(program):
        return json.loads(subprocess.check_output([home / "bin" / "python", "-c", program, file], text=True))

    def snapshot():
        where = ["--target-path", tmp_path, "--log-path", tmp_path]
        done = subprocess.run(
            [home / "bin" / "dbt", "--no-use-colors", "build", "--select", "path:models/history+", *where],
            check=False,
            cwd=PROJECT,
            env={**os.environ, "KLAVIYO_DUCKDB": str(file), "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]

    snapshot()
    begun = python(HISTORY)
    assert {name: len(rows) for name, rows in begun.items()} == {
        "list": len(first_sync.key_values("lists")),
        "consent": len(first_sync.key_values("profiles")),
        "member": len(first_sync.key_values("list_profiles")),
    }
    assert all(now for rows in begun.values() for *_, now in rows)
    (renamed, name), (moved, consent), left = python(CHANGE)
    snapshot()
    new = {table: [row for row in rows if row not in begun[table]] for table, rows in python(HISTORY).items()}
    assert sorted(new["list"]) == sorted([[renamed, name, False], [renamed, "Renamed", True]])
    assert sorted(new["consent"]) == sorted([[moved, consent, False], [moved, "MADE_UP", True]])
    assert new["member"] == [[*left, False]]
