"""One entry of a settings list, read field by field; what is wrong names the entry and what is allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from tap_klaviyo.config.validation import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


class Fields:
    """The fields of one entry; every method raises `SettingsError` for a value that cannot be followed."""

    def __init__(self, setting: str, index: int, raw: Mapping[str, Any], known: Collection[str]) -> None:
        self._raw = raw
        self.where = f"{setting}[{index}]"
        self.name = self.text("name") or ""
        if not _NAME.fullmatch(self.name):
            self.fail("needs a name of lower-case letters, digits and underscores")
        self.where = f"{setting}[{index}] '{self.name}'"
        for field in raw:
            if field not in known:
                self.fail(f"unknown field '{field}'; known: {_listed(known)}")

    def fail(self, what: str) -> NoReturn:
        """Say what is wrong with this entry.

        Raises:
            SettingsError: Always.
        """
        msg = f"{self.where}: {what}"
        raise SettingsError(msg) from None

    def has(self, field: str) -> bool:
        """Tell whether a field is there and not null."""
        return self._raw.get(field) is not None

    def text(self, field: str) -> str | None:
        """Return a text, None where there is none."""
        value = self._raw.get(field)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.fail(f"{field} must be text")
        return value.strip()

    def texts(self, field: str) -> list[str]:
        """Return a list of texts; one text is a list of one."""
        value = self._raw.get(field)
        found = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
            self.fail(f"{field} must be a list of texts")
        return list(dict.fromkeys(found))

    def names(self, field: str, allowed: Collection[str], default: Iterable[str]) -> tuple[str, ...]:
        """Return a list of names out of those that are allowed."""
        found = self.texts(field)
        for name in found:
            self._allow(field, name, allowed)
        return tuple(found or default)

    def choice(self, field: str, allowed: Collection[str], default: str) -> str:
        """Return one of the names that are allowed."""
        found = self.text(field) or default
        self._allow(field, found, allowed)
        return found

    def whole(self, field: str, default: int) -> int:
        """Return a whole number that is not negative."""
        value = self._raw.get(field)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.fail(f"{field} must be a whole number of days, 0 or more")
        return value

    def refuse(self, field: str, why: str) -> None:
        """Refuse a field that has no meaning here."""
        if self.has(field):
            self.fail(f"{field} {why}")

    def _allow(self, field: str, name: str, allowed: Collection[str]) -> None:
        if name not in allowed:
            self.fail(f"{field} '{name}' is not offered; allowed: {_listed(allowed)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
