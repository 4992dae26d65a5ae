"""Entries of the list settings that define streams, and the words for what is wrong with one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from tap_klaviyo.config.validation import SettingsError
from tap_klaviyo.http.redact import brief

# A hyphen separates the schema from the table in what targets make of a stream's name.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list setting, with a name that no other stream has."""

    where: str
    """How messages name it: ``custom_streams[2] 'orders'``."""
    name: str
    members: Mapping[str, Any]

    def fail(self, problem: str) -> NoReturn:
        """Refuse the entry.

        Raises:
            SettingsError: Always.
        """
        msg = f"{self.where}: {problem}"
        raise SettingsError(msg)

    def given(self, key: str) -> bool:
        """Tell whether the entry says something of a key; null says nothing."""
        return self.members.get(key) is not None

    def text(self, key: str) -> str | None:
        """Return a member that is text, without the blanks around it."""
        value = self.members.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip():
            self.fail(f"{key} must be text")
        return value.strip()

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a member that is true or false."""
        value = self.members.get(key)
        if value is not None and not isinstance(value, bool):
            self.fail(f"{key} must be true or false")
        return default if value is None else value

    def choice(self, key: str, allowed: Collection[str], default: str) -> str:
        """Return a member that is one of several words."""
        value = self.text(key)
        if value is not None and value not in allowed:
            self.fail(f"{key} '{brief(value, 40)}' is unknown; {suggestion(value, allowed)}")
        return default if value is None else value

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return a member that is an object."""
        value = self.members.get(key, {})
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
            self.fail(f"{key} must be an object")
        return value

    def names(self, key: str) -> tuple[str, ...] | None:
        """Return a member that is a list of names."""
        value = self.members.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            self.fail(f"{key} must be a list of names")
        return tuple(dict.fromkeys(value))


def suggestion(wrong: str, allowed: Iterable[str]) -> str:
    """Return the nearest allowed word, or all of them."""
    known = sorted(allowed)
    near = difflib.get_close_matches(wrong, known, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known)}"


def entries(setting: str, raw: Any, known: Collection[str], taken: Collection[str]) -> Iterator[Entry]:
    """Yield the entries of a setting.

    Args:
        setting: The setting's name.
        raw: Its value.
        known: The members that an entry may have.
        taken: Names of streams that there are already.

    Raises:
        SettingsError: An entry that is no object, has no usable name, or says something unknown.
    """
    if not isinstance(raw, list | tuple):
        msg = f"setting '{setting}' must be a list of objects"
        raise SettingsError(msg)
    names = {name.lower(): "another stream" for name in taken}
    for index, members in enumerate(raw):
        where = f"{setting}[{index}]"
        if not isinstance(members, Mapping):
            msg = f"{where}: must be an object with {', '.join(sorted(known))}"
            raise SettingsError(msg)
        name = members.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            msg = f"{where}: name must be text of letters, digits and _, and not begin with a digit"
            raise SettingsError(msg)
        entry = Entry(f"{where} '{name}'", name, members)
        # Warehouses do not tell upper from lower case.
        if name.lower() in names:
            entry.fail(f"the name is taken by {names[name.lower()]}; choose another one")
        names[name.lower()] = where
        for key in members:
            if key not in known:
                entry.fail(f"unknown member '{brief(str(key), 40)}'; {suggestion(str(key), known)}")
        yield entry
