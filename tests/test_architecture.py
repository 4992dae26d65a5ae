"""Imports point one way: read from the source by `ast`, type-only and late imports included."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import tap_klaviyo

ROOT = Path(tap_klaviyo.__file__).parent
PACKAGE = ROOT.name
# The house, top floor first: a module may import from its own package and from the floors below its own. Rooms of one
# floor do not know each other.
FLOORS = (
    {"start"},
    {"tap"},
    {"cli", "polling", "streams"},
    {"sync"},
    {"pagination", "config"},
    {"records", "http"},
    {"contract"},
)
# Beside the stairs: nobody knows these but who is named, and they know nobody.
ANNEXES = {"sandbox": {"http"}, "memory": {"start", "tap"}, "__main__": set()}
LONGEST = 250
MODULES_AT_THE_TOP = 7


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}


def targets(node: ast.AST) -> set[str]:
    """The modules of this package that a statement imports, or that a call of `import_module` names."""
    match node:
        case ast.Import(names=names):
            found = {alias.name for alias in names}
        case ast.ImportFrom(module=str(base), names=names, level=0):
            within = {f"{base}.{alias.name}" for alias in names}
            found = {name if name in PATHS else base for name in within}
        case ast.Call(func=ast.Name(id="import_module"), args=[ast.Constant(value=str(name)), *_]):
            found = {name}
        case _:
            found = set()
    return {name for name in found if name in PATHS}


@cache
def imports() -> dict[str, set[str]]:
    return {
        name: {found for node in ast.walk(ast.parse(path.read_text("utf-8"))) for found in targets(node)} - {name}
        for name, path in PATHS.items()
    }


def room(module: str) -> str:
    return module.removeprefix(f"{PACKAGE}.").partition(".")[0]


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def arrows() -> dict[tuple[str, str], list[str]]:
    """Which room imports from which, and the modules that do."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, known in imports().items():
        for other in known - {PACKAGE}:
            if module != PACKAGE and room(module) != room(other):
                found[room(module), room(other)].append(f"{module} -> {other}")
    return found


def test_no_circle_of_modules():
    try:
        tuple(TopologicalSorter(imports()).static_order())
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_no_arrow_upwards_nor_between_rooms_of_one_floor():
    wrong = [
        path
        for (above, below), paths in arrows().items()
        if above not in ANNEXES and below not in ANNEXES and floor(above) >= floor(below)
        for path in paths
    ]
    assert wrong == []


def test_annexes():
    entered = {(above, below) for above, below in arrows() if below in ANNEXES}
    assert {above for above, below in entered} <= set().union(*ANNEXES.values())
    assert all(above in ANNEXES[below] for above, below in entered)
    assert [left for left in arrows() if left[0] in ("sandbox", "memory")] == []


def test_every_room_has_its_place():
    rooms = {room(module) for module in PATHS if module != PACKAGE}
    assert rooms == set().union(*FLOORS) | {*ANNEXES} & rooms


def test_few_modules_beside_the_packages():
    assert len(list(ROOT.glob("*.py"))) <= MODULES_AT_THE_TOP


def test_every_package_says_what_belongs_in_it():
    packages = [path for path in PATHS.values() if path.name == "__init__.py"]
    silent = [str(path) for path in packages if len((ast.get_docstring(ast.parse(path.read_text())) or "").split()) < 8]
    assert silent == []


def test_modules_are_small():
    lengths = {name: len(path.read_text("utf-8").splitlines()) for name, path in PATHS.items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_a_class_is_not_cut_into_files_by_inheritance():
    """A base that has one subclass in the package, in another module, and is never made itself, is half a class."""
    bases = defaultdict(set)
    for name, path in PATHS.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                for base in node.bases:
                    bases[ast.unparse(base)].add(f"{name}.{node.name}")
    streams = {"BaseStream": 3, "KlaviyoStream": 10}  # each of several kinds, and each declared stream
    assert all(len(bases[base]) >= least for base, least in streams.items())
    assert "Stream" in bases
    assert len(bases["Stream"]) == len(bases["Tap"]) == 1


def test_the_test_sees_what_it_should():
    source = "if TYPE_CHECKING:\n    from tap_klaviyo.tap import TapKlaviyo\ndef f():\n    import tap_klaviyo.cli\n"
    found = {name for node in ast.walk(ast.parse(source)) for name in targets(node)}
    assert found == {"tap_klaviyo.tap", "tap_klaviyo.cli"}
