"""``/__control``: how another process looks into the sandbox and tells it to misbehave.

``GET /__control`` answers with counts, ``GET /__control/log`` with the requests so far, ``GET
/__control/resources/{type}`` and ``/__control/members/{list|segment}`` with the truth,
``/__control/revisions/{revision}`` with the number of rows of each type that a revision has, and
``/__control/revisions/{revision}/{type}`` with these rows. ``POST /__control`` takes a JSON object, any of: ``reset``
(true: faults, changes, log and counts go), ``behaviour`` (``recorded``, ``documented``, or switches by name),
``seed`` and ``faults`` (a list of objects with the fields of ``Fault``), ``changes`` (now) and ``schedule`` (each
with ``after``, and ``path`` or ``repeats``), ``limits`` (a factor, or null for none), ``latency`` (seconds),
``wrong_keys``, ``scopes``, ``without_webhooks``, ``oauth`` (the arguments of ``OAuth``, or ``{"action": "expire"}``
or ``"revoke"``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from tap_klaviyo.sandbox.errors import RefusedError, not_found
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.limits import Limiter
from tap_klaviyo.sandbox.oauth import OAuth
from tap_klaviyo.sandbox.responses import Response
from tap_klaviyo.sandbox.schedule import change_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tap_klaviyo.sandbox.access import Access
    from tap_klaviyo.sandbox.behaviour import Behaviour
    from tap_klaviyo.sandbox.faults import Faults
    from tap_klaviyo.sandbox.schedule import Schedule
    from tap_klaviyo.sandbox.shop import Resource, Shop
    from tap_klaviyo.sandbox.view import View

PATH = "/__control"


class Seen(Protocol):
    """One logged request."""

    @property
    def method(self) -> str:
        """In upper case."""

    @property
    def path(self) -> str:
        """The template that it met."""

    @property
    def target(self) -> str:
        """The path as sent."""

    @property
    def query(self) -> str:
        """The query as sent."""


class Controlled(Protocol):
    """What is looked into and told to misbehave: a sandbox."""

    shop: Shop
    access: Access
    limiter: Limiter | None
    faults: Faults
    schedule: Schedule
    behaviour: Behaviour
    latency: float
    refused: int
    throttled: int

    @property
    def log(self) -> Iterable[Seen]:
        """The requests so far."""

    def view(self, revision: str) -> View:
        """The shop as a revision sees it."""

    def reset(self) -> None:
        """Turn all misbehaviour off."""


def control(sandbox: Controlled, method: str, path: str, body: bytes) -> Response:
    """Answer a request for ``path``, which starts with ``PATH``."""
    if method == "POST":
        _apply(sandbox, body)
    parts = [part for part in path.removeprefix(PATH).split("/") if part]
    answer = json.dumps(_seen(sandbox, parts), ensure_ascii=False, default=str).encode()
    return Response(200, {"Content-Type": "application/json"}, answer)


def _seen(sandbox: Controlled, parts: list[str]) -> Any:
    match parts:
        case []:
            return {
                "requests": sum(1 for _ in sandbox.log),
                "refused": sandbox.refused,
                "throttled": sandbox.throttled,
                "faults": sandbox.faults.happened,
            }
        case ["log"]:
            return [
                {"method": one.method, "path": one.path, "target": one.target, "query": one.query}
                for one in sandbox.log
            ]
        case ["resources", kind]:
            return _rows(sandbox.shop.resources(kind))
        case ["revisions", revision]:
            return sandbox.view(revision).counts()
        case ["revisions", revision, kind]:
            return _rows(sandbox.view(revision).resources(kind))
        case ["members", kind]:
            return sorted(sandbox.shop.memberships(kind))
        case _:
            raise not_found("/".join(["control", *parts]))


def _rows(resources: Iterable[Resource]) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "attributes": one.attributes, "relationships": one.relationships, "hidden": one.hidden}
        for one in resources
    ]


def _apply(sandbox: Controlled, body: bytes) -> None:
    try:
        given = json.loads(body)
        if given.get("reset"):
            sandbox.reset()
        for name, value in given.items():
            if name != "reset":
                _SETTERS[name](sandbox, value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RefusedError(400, "invalid", f"control: {type(error).__name__}: {error}") from error


def _faults(sandbox: Controlled, given: list[dict[str, Any]]) -> None:
    sandbox.faults.add(*(Fault(**{**one, "on": frozenset(one.get("on", ()))}) for one in given))


def _schedule(sandbox: Controlled, given: list[dict[str, Any]]) -> None:
    for one in given:
        when = {name: one[name] for name in ("after", "path", "repeats") if name in one}
        sandbox.schedule.add(change_of(one), **when)


def _changes(sandbox: Controlled, given: list[dict[str, Any]]) -> None:
    for one in given:
        change_of(one)(sandbox.shop)


def _limits(sandbox: Controlled, factor: float | None) -> None:
    sandbox.limiter = None if factor is None else Limiter(float(factor))


def _set(name: str, convert: Callable[[Any], Any]) -> Callable[[Controlled, Any], None]:
    def setter(sandbox: Controlled, value: Any) -> None:
        holder = sandbox if name == "latency" else sandbox.access
        setattr(holder, name, convert(value))

    return setter


def _behaviour(sandbox: Controlled, to: str | dict[str, bool]) -> None:
    sandbox.behaviour.change(to)


def _seed(sandbox: Controlled, seed: int) -> None:
    sandbox.faults.seed = seed


def _oauth(sandbox: Controlled, given: dict[str, Any]) -> None:
    if "client_id" in given:
        sandbox.access.oauth = OAuth(**given)
        return
    app = sandbox.access.oauth
    if app is None:
        raise KeyError("oauth")
    {"expire": app.expire, "revoke": app.revoke}[given["action"]]()


_SETTERS: dict[str, Callable[[Controlled, Any], None]] = {
    "behaviour": _behaviour,
    "seed": _seed,
    "faults": _faults,
    "changes": _changes,
    "schedule": _schedule,
    "limits": _limits,
    "oauth": _oauth,
    "latency": _set("latency", float),
    "wrong_keys": _set("wrong_keys", set),
    "without_webhooks": _set("without_webhooks", set),
    "scopes": _set("scopes", lambda given: {key: set(scopes) for key, scopes in given.items()}),
}
