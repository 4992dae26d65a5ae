"""Write the generated tables into all pages; with `--check`, only say which pages are behind."""

from __future__ import annotations

import argparse
import sys

from tools.docs.pages import ROOT, filled, pages
from tools.docs.tables import TABLES


def main() -> int:
    """Return 1 if pages were to be checked and one is behind."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a page is behind")
    check = parser.parse_args().check
    behind = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        wanted = filled(text, TABLES)
        if wanted != text:
            behind.append(page.relative_to(ROOT))
            if not check:
                page.write_text(wanted, encoding="utf-8")
    for name in behind:
        print(f"{name} {'is behind: run python -m tools.docs' if check else 'written'}")
    return 1 if check and behind else 0


if __name__ == "__main__":
    sys.exit(main())
