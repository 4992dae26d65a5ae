"""Write the tap's contract and schemas: ``python -m tools.contract [openapi.json ...]``.

Each document that is named replaces what is kept of its revision, or adds a revision. Without one, every revision is
written again from the pruned document that is kept of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.contract.files import generated
from tools.contract.prune import prune

PACKAGE = Path(__file__).parents[2] / "tap_klaviyo"


def text(value: Any) -> str:
    """Return JSON that two runs write alike and that a diff shows line by line."""
    return json.dumps(value, indent=1) + "\n"


def kept(package: Path) -> dict[str, Any]:
    """Return the pruned document of every revision that the package has."""
    paths = sorted((package / "sandbox" / "documents").glob("*.json"))
    return {path.stem: json.loads(path.read_text()) for path in paths}


def contents(documents: dict[str, Any]) -> dict[str, str]:
    """Return the text of every generated file by its path in the package."""
    return {name: text(value) for document in documents.values() for name, value in generated(document).items()}


def left_over(package: Path, files: dict[str, str]) -> set[Path]:
    """Return the generated files that the package has and that nothing generates any more."""
    found = {*package.glob("contract/*/*.json"), *package.glob("contract/*/schemas/*.json")}
    return found - {package / name for name in files}


def main(arguments: list[str]) -> None:
    """Prune the documents that are named, then write every generated file and remove those that are left over."""
    given = [prune(json.loads(Path(source).read_text())) for source in arguments]
    documents = {**kept(PACKAGE), **{document["info"]["version"]: document for document in given}}
    files = contents(documents)
    for stale in left_over(PACKAGE, files):
        stale.unlink()
    for name, value in files.items():
        (PACKAGE / name).parent.mkdir(parents=True, exist_ok=True)
        (PACKAGE / name).write_text(value)
    print(f"{len(files)} files written to {PACKAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
