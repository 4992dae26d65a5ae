"""The text of a message as a template: what is only known at run time stands in angle brackets, or is an ellipsis."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNKNOWN = "…"
_FORMAT = re.compile(r"%(?:\.?\d*)?[sdrfg]")
# Names that say less than an ellipsis does.
_BLAND = frozenset({"msg", "message", "problem", "hint", "what", "why", "words", "reason", "error", "found", "held"})


@dataclass(frozen=True)
class Function:
    """A function of the source, with what its names may stand for."""

    node: ast.FunctionDef
    constants: Mapping[str, str]
    """The strings of its module, by name."""
    returning: Mapping[str, list[Function]]
    """All functions that return a string, by name."""

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, without the object itself."""
        arguments = self.node.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        return names[1:] if names[:1] in (["self"], ["cls"]) else names

    def assigned(self, name: str) -> list[ast.expr]:
        """What is assigned to a name, in the order of the source."""
        found = [node for node in ast.walk(self.node) if isinstance(node, ast.Assign)]
        return [node.value for node in found if any(isinstance(to, ast.Name) and to.id == name for to in node.targets)]


@dataclass(frozen=True)
class Reader:
    """Reads expressions of one function.

    Args:
        function: The function.
        bound: What its parameters are known to be.
    """

    function: Function
    bound: Mapping[str, str] = field(default_factory=dict)
    within: tuple[str, ...] = ()

    def texts(self, node: ast.expr) -> Iterator[str]:
        """Yield each template that an expression may be; none if nothing of it is known."""
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(map(self._part, parts))
            case ast.IfExp(body=first, orelse=second):
                yield from self.texts(first)
                yield from self.texts(second)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from (f"{one}{other}" for one in self.texts(left) for other in self.texts(right))
            case ast.Name(id=name):
                yield from self._named(name)
            case ast.Call():
                yield from self._called(node)

    def formatted(self, call: ast.Call, at: int = 0) -> Iterator[str]:
        """Yield the templates of a call that formats the argument there with those after it, as loggers do."""
        for text in self.texts(call.args[at]):
            values = iter([next(self.texts(value), self._placeholder(value)) for value in call.args[at + 1 :]])
            yield _FORMAT.sub(lambda _, values=values: next(values, UNKNOWN), text)  # type: ignore[misc]

    def _named(self, name: str) -> Iterator[str]:
        if name in self.bound:
            yield self.bound[name]
        elif name in self.function.constants:
            yield self.function.constants[name]
        elif name not in self.within:  # a name may be made of itself
            inner = Reader(self.function, self.bound, (*self.within, name))
            for value in self.function.assigned(name):
                yield from inner.texts(value)

    def _called(self, call: ast.Call) -> Iterator[str]:
        name = name_of(call.func)
        if name in self.within:
            return
        for callee in self.function.returning.get(name, ()):
            inner = Reader(callee, self.arguments(callee, call), (*self.within, name))
            for node in ast.walk(callee.node):
                if isinstance(node, ast.Return) and node.value is not None:
                    yield from inner.texts(node.value)

    def arguments(self, callee: Function, call: ast.Call) -> dict[str, str]:
        """Return what the parameters of a called function are."""
        given = dict(zip(callee.parameters, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        return {name: next(self.texts(value), self._placeholder(value)) for name, value in given.items()}

    def _part(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.FormattedValue(value=ast.Name(id=name)) if name in self.bound or name in self.function.constants:
                return next(self._named(name))
            case ast.FormattedValue(value=value):
                return self._placeholder(value)
        return UNKNOWN

    def _placeholder(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value):
                return str(value)
            case ast.Name(id=name) if name in self.bound:
                return self.bound[name]
            case ast.Name(id=name) | ast.Attribute(attr=name):
                plain = name.strip("_").lower()
                return UNKNOWN if plain in _BLAND else f"<{plain.replace('_', ' ')}>"
            case ast.Subscript(value=value):
                return self._placeholder(value)
        return UNKNOWN


def name_of(node: ast.expr) -> str:
    """Return the last part of a dotted name; empty for what has none."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
