"""Write the list of messages: `python -m tools.messages`; new ones have empty cells, to be filled by hand."""

from __future__ import annotations

import sys

from tools.messages.collect import messages
from tools.messages.page import PAGE, rows, written


def main() -> int:
    """Return 1 if there are messages without a cause or a remedy."""
    known = rows(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    page = written(messages(), known)
    PAGE.write_text(page, encoding="utf-8")
    empty = [message for message, cells in rows(page).items() if not all(cells)]
    for message in empty:
        print(f"{PAGE.name}: say what causes this and what to do: {message}")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
