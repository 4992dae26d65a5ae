"""The filters that users write: checked against what the endpoint allows, and spelt as Klaviyo takes them."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from tap_klaviyo.contract.filters import parts
from tap_klaviyo.contract.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_klaviyo.contract import FilterField

_TOKEN = re.compile(
    r"""\s*+(?:(?P<name>[A-Za-z_$][\w.$-]*)|(?P<text>"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
    r"""|(?P<bare>[0-9+-][0-9A-Za-z:.+-]*)|(?P<mark>[(),\[\]]))""",
    re.ASCII | re.DOTALL,
)
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?", re.ASCII)


class FilterError(ValueError):
    """A filter that the endpoint does not allow; the message says what it does allow."""


def conditions(text: str, filters: Mapping[str, FilterField]) -> list[str]:
    """Return the conditions of a filter that a user wrote, for the tap's own to go beside them.

    Raises:
        FilterError: The text does not parse, or names a field, operator or value that the endpoint refuses.
    """
    return [_Condition(part, filters).spelt() for part in parts(text)]


class _Condition:
    """The tokens of one condition, read from left to right."""

    def __init__(self, text: str, filters: Mapping[str, FilterField]) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._filters = filters

    def spelt(self) -> str:
        """Return the condition without blanks, its date-times in UTC."""
        operator = self._name("expected an operator such as equals(...)")
        self._expect("(")
        field = self._name(f"{operator}(...) needs a field")
        fact = self._fact(operator, field)
        value = ""
        if operator != "has":
            self._expect(",")
            value = f",{self._value(operator, field, fact)}"
        self._expect(")")
        if self._at < len(self._tokens):
            msg = f"unexpected '{self._tokens[self._at][1]}' after the end of the filter"
            raise FilterError(msg)
        return f"{operator}({field}{value})"

    @property
    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "the end")

    def _take(self, mark: str) -> bool:
        found = self._next == ("mark", mark)
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            msg = f"expected '{mark}' but found '{self._next[1]}'"
            raise FilterError(msg)

    def _name(self, problem: str) -> str:
        kind, name = self._next
        if kind != "name":
            raise FilterError(problem)
        self._at += 1
        return name

    def _fact(self, operator: str, field: str) -> FilterField:
        if field not in self._filters:
            msg = f"cannot filter by '{field}'; allowed: {', '.join(sorted(self._filters)) or 'nothing'}"
            raise FilterError(msg)
        fact = self._filters[field]
        allowed = sorted({*fact.operators, *fact.list_operators})
        if operator not in allowed:
            msg = f"operator '{operator}' is not allowed on '{field}'; allowed: {', '.join(allowed)}"
            raise FilterError(msg)
        return fact

    def _value(self, operator: str, field: str, fact: FilterField) -> str:
        is_list = self._take("[")
        if operator not in (fact.list_operators if is_list else fact.operators):
            msg = f"{operator}({field},…) takes {'one value' if is_list else 'a list in [ ]'}"
            raise FilterError(msg)
        if not is_list:
            return self._scalar(field, fact)
        found = [self._scalar(field, fact)]
        while self._take(","):
            found.append(self._scalar(field, fact))
        self._expect("]")
        return f"[{','.join(found)}]"

    def _scalar(self, field: str, fact: FilterField) -> str:
        kind, text = self._next
        if fact.format == "date-time":
            spelt = _instant(text) if kind == "bare" else None
            wanted = "a date-time without quotes or fractions of a second, such as 2026-01-01T00:00:00Z"
        elif fact.type == "boolean":
            spelt, wanted = text if text in {"true", "false"} else None, "true or false"
        elif fact.type in {"number", "integer"}:
            fits = kind == "bare" and _NUMBER.fullmatch(text) and (fact.type == "number" or "." not in text)
            spelt, wanted = text if fits else None, "a number"
        else:
            fits = kind == "text" and (not fact.enum or text[1:-1] in fact.enum)
            spelt, wanted = text if fits else None, "a string in quotes"
            wanted = f"one of {', '.join(fact.enum)}, in quotes" if fact.enum else wanted
        if spelt is None:
            msg = f"the value of '{field}' must be {wanted}"
            raise FilterError(msg)
        self._at += 1
        return spelt


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can say and a URL cannot
        msg = "the filter contains an invalid Unicode character (lone surrogate)"
        raise FilterError(msg) from None
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            msg = f"cannot parse the filter at '{text[position : position + 20]}'"
            raise FilterError(msg)
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


def _instant(text: str) -> str | None:
    """The date-time in UTC and whole seconds, Klaviyo's grain; None for anything else."""
    try:
        found = parse_instant(text)
    except ValueError:
        return None
    return None if found.microsecond else f"{found.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
