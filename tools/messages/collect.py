"""Every error line and warning of the source, found where it is raised, logged or handed to what does so."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tap_klaviyo
from tools.messages.templates import Function, Reader, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SOURCE = Path(tap_klaviyo.__file__).parent
# The sandbox is Klaviyo's side: its messages are responses.
_ELSEWHERE = "sandbox"
# What a try failed of is told in the line of the request that gave up, or that is retried.
_INSIDE = frozenset({"FailedTryError", "BrokenBodyError", "TooSlowError"})
_LOGGED = {"warning": 0, "error": 0, "log": 1}
_HANDED_ON = "warn"  # the name of what is given to those who may warn
_TEXT = ("str", "str | None")
_LINES = "Iterator[str]"
_LISTS = ("config/", "http/revision.py")  # where functions yield what is wrong, a line each
_PLACEHOLDER = re.compile(r"<[^>]*>|…")
_WORDS = 2
# What a line is about stands before it.
_ABOUT = re.compile(r"^(?:(?:<(?:where|place|stream|name|label)>): )+")


@dataclass(frozen=True, order=True)
class Message:
    """A line, and the module (a path below the package) that says it."""

    module: str
    text: str


@dataclass(frozen=True)
class Sink:
    """A function or class that makes a line of one of its arguments."""

    function: Function
    line: ast.expr


def messages(root: Path = SOURCE) -> list[Message]:
    """Return every message of the source, each once, by module."""
    trees = {
        path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
        if _ELSEWHERE not in path.relative_to(root).parts
    }
    return sorted(set(_Collector(trees).messages()))


class _Collector:
    def __init__(self, trees: Mapping[str, ast.Module]) -> None:
        self._functions = dict(_functions(trees))
        self._errors = {*_errors(trees.values())}
        self._sinks: dict[str, list[Sink]] = {}
        while self._grow():
            pass

    def messages(self) -> Iterator[Message]:
        for module, functions in self._functions.items():
            for function in functions:
                for node in _own(function.node):
                    lines = self._lines(function, node, lists=module.startswith(_LISTS))
                    yield from (Message(module, text) for text in lines if _says_something(text))

    def _lines(self, function: Function, node: ast.AST, *, lists: bool) -> Iterator[str]:
        """Yield the lines of a call or of a `yield`; those that a parameter makes belong to whoever calls."""
        reader = Reader(function, {name: f"\0{name}\0" for name in function.parameters})
        for listed in _listed(function.node, node) if lists else ():
            yield from map(_shown, reader.texts(listed))
        if not isinstance(node, ast.Call):
            return
        for text in self._said(reader, node):
            if not any(f"\0{name}\0" in text for name in self._handed(function)):
                yield _shown(text)

    def _handed(self, function: Function) -> list[str]:
        """The parameters that make this function a sink."""
        return [
            name
            for sink in self._sinks.get(function.node.name, ())
            if sink.function is function
            for name in _parameters_of(sink)
        ]

    def _said(self, reader: Reader, call: ast.Call) -> Iterator[str]:
        name = name_of(call.func)
        if name in _LOGGED and _is_logger(call.func) and len(call.args) > _LOGGED[name]:
            yield from reader.formatted(call, _LOGGED[name])
        elif (name in self._errors or name.strip("_") == _HANDED_ON) and call.args:
            yield from reader.texts(call.args[0])
        for sink in self._sinks.get(name, ()):
            inner = Reader(sink.function, reader.arguments(sink.function, call))
            yield from inner.texts(sink.line)

    def _grow(self) -> bool:
        """Find functions that make a line of a parameter; those found before may be what they hand it to."""
        before = sum(map(len, self._sinks.values()))
        for functions in self._functions.values():
            for function in functions:
                known = self._sinks.get(function.node.name, [])
                if not any(sink.function is function for sink in known) and (line := self._made_of_parameter(function)):
                    self._sinks.setdefault(function.node.name, []).append(Sink(function, line))
        return sum(map(len, self._sinks.values())) > before

    def _made_of_parameter(self, function: Function) -> ast.expr | None:
        for node in _own(function.node):
            if isinstance(node, ast.Call):
                for line in self._arguments_that_are_lines(node):
                    if _parameters_of(Sink(function, line)):
                        return line
        return None

    def _arguments_that_are_lines(self, call: ast.Call) -> Iterator[ast.expr]:
        name = name_of(call.func)
        if name in _LOGGED and _is_logger(call.func) and len(call.args) == _LOGGED[name] + 1:
            yield call.args[_LOGGED[name]]
        elif name in self._errors:
            yield from call.args[:1]
        for sink in self._sinks.get(name, ()):
            given = dict(zip(sink.function.parameters, call.args, strict=False))
            yield from (given[name] for name in _parameters_of(sink) if name in given)


def _parameters_of(sink: Sink) -> list[str]:
    """The parameters that a line is, or ends in: what it is about may be a parameter of any message."""
    marked = Reader(sink.function, {name: f"\0{name}\0" for name in sink.function.parameters})
    texts = list(marked.texts(sink.line))
    return [name for name in sink.function.parameters if any(text.endswith(f"\0{name}\0") for text in texts)]


def _functions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, list[Function]]]:
    returning: dict[str, list[Function]] = {}
    for module, tree in trees.items():
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        found = [Function(node, constants, returning) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for function in found:
            if _returns(function.node) in _TEXT:
                returning.setdefault(function.node.name, []).append(function)
        yield module, found


def _errors(trees: Iterable[ast.Module]) -> Iterator[str]:
    """The names of the error classes that are defined in the source."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Error") and node.name not in _INSIDE:
                yield node.name


def _own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Walk a function without the functions in it."""
    ahead: list[ast.AST] = list(function.body)
    while ahead:
        node = ahead.pop()
        yield node
        ahead += [inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, ast.FunctionDef)]


def _is_logger(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and name_of(node.value).strip("_") == "logger"


def _listed(function: ast.FunctionDef, node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a node adds to what is wrong: its function yields lines, or joins those that it collects."""
    match node:
        case ast.Yield(value=ast.expr() as value) if _returns(function) == _LINES:
            yield value
        case ast.Call(func=ast.Attribute(attr="append"), args=[value]) if _returns(function) in _TEXT:
            yield value


def _returns(function: ast.FunctionDef) -> str:
    return ast.unparse(function.returns) if function.returns else ""


def _says_something(text: str) -> bool:
    return len(text.split()) >= _WORDS and any(map(str.isalpha, _PLACEHOLDER.sub("", text)))


def _shown(text: str) -> str:
    """The line without what it is about; the parameters of a message are names in it."""
    pieces = text.split("\0")
    named = "".join(f"<{piece.replace('_', ' ')}>" if index % 2 else piece for index, piece in enumerate(pieces))
    return _ABOUT.sub("", named)
