"""Write the tap's contract and schemas: ``python -m tools.contract [openapi.json ...]``.

Each document that is named replaces what is kept of its revision, or adds a revision. Without one, every revision is
written again from the pruned document that is kept of it. ``--explain`` before the documents writes nothing: it prints
what they would change.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tools.contract.errors import DocumentError, placing
from tools.contract.explain import explained
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


def read(source: Path) -> dict[str, Any]:
    """Return the pruned document of a file.

    Raises:
        DocumentError: if the file is not an OpenAPI document whose every fact has a place.
    """
    try:
        document = json.loads(source.read_bytes())
    except OSError as error:
        raise DocumentError(str(source), error.strerror) from None
    except (ValueError, RecursionError) as error:
        raise DocumentError(str(source), f"is not JSON ({error})") from None
    with placing(str(source)):
        pruned = prune(document)
        generated(pruned)
    return pruned


def write(package: Path, arguments: list[str]) -> int:
    """Write every generated file, remove those that are left over, and return how many were written.

    Raises:
        DocumentError: if a document cannot be read; then nothing is written.
    """
    given = [read(Path(source)) for source in arguments]
    files = contents({**kept(package), **{document["info"]["version"]: document for document in given}})
    for name, value in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(value)
    for stale in left_over(package, files):
        stale.unlink()
    return len(files)


def explain(package: Path, arguments: list[str]) -> str:
    """Return as Markdown what the named documents change: each is compared with its own revision, or else the newest.

    Raises:
        DocumentError: if a document cannot be read.
    """
    from tap_klaviyo.streams.registry import STREAMS  # noqa: PLC0415 - the rest works while streams miss their contract

    stored = kept(package)
    files = {name: value for document in stored.values() for name, value in generated(document).items()}
    pages = []
    for document in (read(Path(source)) for source in arguments):
        revision = document["info"]["version"]
        against = revision if revision in stored else max(stored, default="nothing")
        pages.append(explained(files, against, generated(document), revision, {kind.name for kind in STREAMS}))
    return "\n".join(pages)


def main(arguments: list[str]) -> None:
    """Write the files, or print the difference; what is wrong with a document is one line and exit code 1."""
    try:
        if arguments[:1] == ["--explain"]:
            print(explain(PACKAGE, arguments[1:]), end="")
            return
        count = write(PACKAGE, arguments)
    except DocumentError as error:
        sys.exit(f"{error}; nothing was written")
    print(f"{count} files written to {PACKAGE}")


if __name__ == "__main__":
    main(sys.argv[1:])
