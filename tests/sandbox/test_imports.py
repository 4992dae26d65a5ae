"""The sandbox imports one way, and nothing of the rest of the package."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "tap_klaviyo"


def imports() -> dict[str, set[str]]:
    """Return, for each module of the sandbox, what it imports of this project, for types alone and late too."""
    modules = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (PACKAGE / "sandbox").rglob("*.py")
    }
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tap_klaviyo"):
                wholes = [f"{node.module}.{alias.name}" for alias in node.names]
                found[name] |= {whole if whole in modules else str(node.module) for whole in wholes}
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names if alias.name.startswith("tap_klaviyo")}
    return found


def test_there_is_no_circle() -> None:
    assert list(TopologicalSorter(imports()).static_order())


def test_nothing_else_of_the_package_is_imported() -> None:
    outside = {name for names in imports().values() for name in names if not name.startswith("tap_klaviyo.sandbox")}

    assert outside == set()
