"""A target that upserts into SQLite, small enough to be started hundreds of times.

``upserting.py DATABASE STATE [LINES]``: a STATE message is written to the file STATE only once the records before it
are committed. After LINES lines it kills itself, in the middle of whatever it does.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path


def main(database: str, state: str, lines: str = "0") -> None:
    """Load stdin."""
    keys: dict[str, list[str]] = {}
    connection = sqlite3.connect(database)
    connection.execute("create table if not exists records (stream, key, record, primary key (stream, key))")
    for number, line in enumerate(sys.stdin.buffer, 1):
        if number == int(lines):
            os.kill(os.getpid(), signal.SIGKILL)
        message = json.loads(line)
        match message["type"]:
            case "SCHEMA":
                keys[message["stream"]] = message["key_properties"]
            case "RECORD":
                record = message["record"]
                key = json.dumps([record[name] for name in keys[message["stream"]]])
                row = (message["stream"], key, json.dumps(record, sort_keys=True))
                connection.execute("insert or replace into records values (?, ?, ?)", row)
            case "STATE":
                connection.commit()
                whole = Path(f"{state}.new")
                whole.write_text(json.dumps(message["value"]))
                whole.replace(state)
    connection.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
