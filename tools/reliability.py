"""Write `docs/reliability.md` from the tests: each fault, what the tap does, and the test that shows it.

`python -m tools.reliability` writes it, with `--check` it only compares.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).parents[1]
_TARGET = _ROOT / "docs" / "reliability.md"
_TESTS = "tests/reliability"
_HEAD = """\
# What goes wrong, and what the tap does

Each row is a test that runs the whole command line against a made-up Klaviyo (or a worse server) over real sockets, at
debug level, with marked secrets in the settings and in every error that the server sends. After each run no marked
secret may be in stdout or stderr, stdout holds whole JSON lines only, and a traceback stands at debug level only.

Exit codes: 0 when everything was read, or skipped as `on_permission_denied: skip` says; 1 when a stream failed or could
not be read to its end; 143, 130 or 129 after SIGTERM, SIGINT or SIGHUP, once line and state are written.

This file is written by `python -m tools.reliability`.
"""


class Row(NamedTuple):
    """One line of the table."""

    section: str
    fault: str
    does: str
    test: str


class Collector:
    """A pytest plugin that reads the marks of the tests."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the rows of the tests, each once, in the order of the files."""
        for item in session.items:
            mark = item.get_closest_marker("fault")
            if mark is not None and mark.args not in [row[:3] for row in self.rows]:
                section, fault, does = mark.args
                function = getattr(item, "originalname", item.name)
                self.rows.append(Row(section, fault, does, f"{item.path.relative_to(_ROOT)}::{function}"))


def rows() -> list[Row]:
    """Return the rows of the table."""
    collector = Collector()
    options = ["--collect-only", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", str(_ROOT / _TESTS)]
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(options, plugins=[collector])
    if code != pytest.ExitCode.OK:
        raise SystemExit(said.getvalue())
    return collector.rows


def document(found: list[Row]) -> str:
    """Return the document."""
    parts = [_HEAD]
    for section in dict.fromkeys(row.section for row in found):
        lines = [f"\n## {section}\n", "| fault | what the tap does | test |", "| --- | --- | --- |"]
        for row in found:
            if row.section == section:
                path, _, name = row.test.partition("::")
                lines.append(f"| {row.fault} | {row.does} | [`{name}`](../{path}) |")
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def main() -> None:
    """Write or compare."""
    text = document(rows())
    if "--check" not in sys.argv[1:]:
        _TARGET.write_text(text)
    elif not _TARGET.exists() or _TARGET.read_text() != text:
        msg = "docs/reliability.md is not what the tests say: run python -m tools.reliability"
        raise SystemExit(msg)


if __name__ == "__main__":
    main()
