"""Klaviyo's filter language: read, and checked against what one endpoint allows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.errors import RefusedError, invalid
from tap_klaviyo.sandbox.instants import SECOND, filter_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.sandbox.operation import Operation

LOWER = ("greater-than", "greater-or-equal")
UPPER = ("less-than", "less-or-equal")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.$-]*")
_BARE = re.compile(r"[^\s,()\[\]\"']+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_STRINGS = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}") for quote in "\"'"}
_ESCAPE = re.compile(r"\\(.)")
# bounds on these are about the time to come
_AHEAD = frozenset({"expires_at", "scheduled_at"})
_NEAR_NOW = 3 * SECOND


@dataclass(frozen=True)
class Literal:
    """A value as written: ``quoted`` or bare."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Condition:
    """One comparison; ``value`` is a list where the operator was given one, an instant for date-times."""

    field: str
    operator: str
    value: Any
    kind: str


@dataclass(frozen=True)
class _Call:
    operator: str
    field: str
    value: Literal | tuple[Literal, ...] | None


def _refuse(detail: str) -> RefusedError:
    return invalid(f"Invalid filter provided: {detail}", "filter")


class _Reader:
    """One pass over the text, left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def calls(self) -> list[_Call]:
        found = self._sequence(depth=0)
        if self._at != len(self._text):
            raise _refuse(f"unexpected {self._text[self._at]!r} at {self._at}")
        return found

    def _sequence(self, depth: int) -> list[_Call]:
        found = self._expression(depth)
        while self._take(","):
            found += self._expression(depth)
        return found

    def _expression(self, depth: int) -> list[_Call]:
        operator = self._match(_NAME, "an operator")
        self._expect("(")
        if operator == "and":
            if depth:
                raise _refuse("'and' cannot be nested")
            calls = self._sequence(depth + 1)
        else:
            field = self._match(_NAME, "a field")
            calls = [_Call(operator, field, self._value() if self._take(",") else None)]
        self._expect(")")
        return calls

    def _value(self) -> Literal | tuple[Literal, ...]:
        self._blank()
        if not self._take("["):
            return self._literal()
        literals = [self._literal()]
        while self._take(","):
            literals.append(self._literal())
        self._expect("]")
        return tuple(literals)

    def _literal(self) -> Literal:
        self._blank()
        pattern = _STRINGS.get(self._text[self._at : self._at + 1])
        if pattern is None:
            return Literal(self._match(_BARE, "a value"), quoted=False)
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _refuse("a string is not closed")
        self._at = match.end()
        return Literal(_ESCAPE.sub(r"\1", match[1]), quoted=True)

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        self._blank()
        match = pattern.match(self._text, self._at)
        if match is None:
            raise _refuse(f"expected {what} at {self._at}")
        self._at = match.end()
        return match[0]

    def _blank(self) -> None:
        # one blank after a comma is how people write lists; anywhere else it is part of a broken value
        if self._text[self._at - 1 : self._at] == "," and self._text[self._at : self._at + 1] == " ":
            self._at += 1

    def _take(self, character: str) -> bool:
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _expect(self, character: str) -> None:
        if not self._take(character):
            raise _refuse(f"expected {character!r} at {self._at}")


def _converted(call: _Call, literal: Literal, value: dict[str, Any]) -> Any:
    kind, text = value.get("format") or value["type"], literal.text
    found: Any = None
    if kind == "string":
        found = text if literal.quoted else None
    elif not literal.quoted:
        if kind == "date-time":
            found = filter_instant(text)
        elif kind == "boolean":
            found = {"true": True, "false": False}.get(text)
        elif _NUMBER.fullmatch(text) and (kind == "number" or "." not in text):
            found = float(text) if "." in text else int(text)
    if found is None:
        raise _refuse(f"value {text!r} of {call.operator}({call.field},…) is not a {kind}")
    enum = value.get("enum")
    if enum is not None and found not in enum:
        raise _refuse(f"value {text!r} of {call.field!r} is not one of {', '.join(map(str, enum))}")
    return found


def _checked(call: _Call, operation: Operation) -> Condition:
    allowed = operation.filters.get(call.field)
    if allowed is None:
        raise _refuse(f"'{call.field}' is not a filterable field for this resource")
    operators = allowed["operators"]
    arity = "none" if call.value is None else "list" if isinstance(call.value, tuple) else "single"
    if call.operator not in operators.get(arity, ()):
        raise _refuse(f"operator '{call.operator}' with {arity} value is not allowed for '{call.field}'")
    if call.value is None:
        return Condition(call.field, call.operator, None, "none")
    kind = allowed["value"].get("format") or allowed["value"]["type"]
    literals: Iterable[Literal] = call.value if isinstance(call.value, tuple) else (call.value,)
    values = [_converted(call, literal, allowed["value"]) for literal in literals]
    return Condition(call.field, call.operator, values if arity == "list" else values[0], kind)


def _check_bounds(conditions: list[Condition], now: int) -> None:
    for condition in conditions:
        if condition.operator not in LOWER or condition.field in _AHEAD:
            continue
        instant = _as_instant(condition)
        if instant is not None and instant > now - _NEAR_NOW:
            raise _refuse(f"the lower bound of '{condition.field}' is in the future or too close to the present")
    for lower in conditions:
        for upper in conditions:
            if lower.field != upper.field or lower.operator not in LOWER or upper.operator not in UPPER:
                continue
            if lower.value > upper.value:
                raise _refuse(f"the lower bound of '{lower.field}' is later than its upper bound")
            start, end = _as_instant(lower), _as_instant(upper)
            if start is not None and end is not None and end - start < SECOND:
                raise _refuse(f"the range of '{lower.field}' is narrower than one second")


def _as_instant(condition: Condition) -> int | None:
    if condition.kind == "date-time":
        instant: int = condition.value
        return instant
    return int(condition.value * SECOND) if condition.field == "timestamp" else None


def conditions_of(text: str | None, operation: Operation, now: int) -> list[Condition]:
    """Return the conditions of a ``filter`` parameter (None: not sent), all of which a row must meet.

    ``now`` is an instant. Raises a 400 for whatever the operation does not allow.
    """
    conditions = [] if text is None else [_checked(call, operation) for call in _Reader(text).calls()]
    required = operation.filter_requires
    if required and not any(condition.field in required for condition in conditions):
        raise _refuse(f"a filter on {' or '.join(required)} is required")
    _check_bounds(conditions, now)
    return conditions
