"""Changes of the shop that happen while it is being read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop import Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_klaviyo.sandbox.shop import Shop


@dataclass
class _Planned:
    change: Callable[[Shop], object]
    after: int
    path: str
    repeats: bool
    met: int = 0


@dataclass
class Schedule:
    """Changes and the number of requests after which each happens."""

    _planned: list[_Planned] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, change: Callable[[Shop], object], *, after: int, path: str = "*", repeats: bool = False) -> None:
        """Let ``change`` happen once ``after`` requests for ``path`` (a pattern of templates) are answered.

        With ``repeats`` it happens again after as many more, and so on.
        """
        with self._lock:
            self._planned.append(_Planned(change, after, path, repeats))

    def clear(self) -> None:
        """Forget what is planned."""
        with self._lock:
            self._planned.clear()

    def due(self, path: str) -> list[Callable[[Shop], object]]:
        """Count one request for ``path`` and return the changes that come before its answer."""
        found = []
        with self._lock:
            for planned in list(self._planned):
                if not fnmatchcase(path, planned.path.replace("[", "[[]")):
                    continue
                if planned.met == planned.after:
                    found.append(planned.change)
                    planned.met = 0
                    if not planned.repeats:
                        self._planned.remove(planned)
                planned.met += 1
        return found


def change_of(given: dict[str, Any]) -> Callable[[Shop], object]:
    """Return the change that a JSON object describes.

    ``action`` is ``update`` (``type``, ``id``, and any of ``attributes``, ``relationships``, ``hidden``), ``put``
    (the same, a whole resource), ``delete`` (``type``, ``id``), ``join`` (``type``, ``id``, ``profile``,
    ``joined_group_at``) or ``leave`` (``type``, ``id``, ``profile``). Raises KeyError for what is missing.
    """
    action, kind, resource_id = given["action"], given["type"], given["id"]
    parts = {name: given.get(name) or {} for name in ("attributes", "relationships", "hidden")}
    changes: dict[str, Callable[[Shop], object]] = {
        "update": lambda shop: shop.update(
            kind, resource_id, relationships=parts["relationships"], hidden=parts["hidden"], **parts["attributes"]
        ),
        "put": lambda shop: shop.put(kind, Resource(kind, resource_id, **parts)),
        "delete": lambda shop: shop.delete(kind, resource_id),
        "join": lambda shop: shop.join(kind, resource_id, given["profile"], given["joined_group_at"]),
        "leave": lambda shop: shop.leave(kind, resource_id, given["profile"]),
    }
    return changes[action]
