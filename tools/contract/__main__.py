"""Write the tap's contract and schemas: ``python -m tools.contract [openapi.json]``.

With a path, Klaviyo's document is first pruned to the pinned one; without, the pinned one is read as it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.contract.files import generated
from tools.contract.prune import prune

PACKAGE = Path(__file__).parents[2] / "tap_klaviyo"
PINNED = PACKAGE / "sandbox" / "documents" / "2026-07-15.json"


def text(value: Any, *, sort: bool = False) -> str:
    """Return JSON that two runs write alike and that a diff shows line by line."""
    return json.dumps(value, indent=1, sort_keys=sort) + "\n"


def main(arguments: list[str]) -> None:
    """Prune where a document is named, then write every generated file and remove those that are left over."""
    if arguments:
        (source,) = arguments
        PINNED.write_text(text(prune(json.loads(Path(source).read_text())), sort=True))
    files = generated(json.loads(PINNED.read_text()))
    for stale in set((PACKAGE / "schemas").glob("*.json")) - {PACKAGE / name for name in files}:
        stale.unlink()
    for name, value in files.items():
        (PACKAGE / name).write_text(text(value))
    print(f"{len(files)} files written to {PACKAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
