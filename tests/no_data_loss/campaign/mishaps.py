"""What Klaviyo does wrong, at random places."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from fnmatch import fnmatchcase
from http.client import IncompleteRead
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import requests

from tap_klaviyo.sandbox import Sandbox
from tap_klaviyo.sandbox.errors import RefusedError
from tap_klaviyo.sandbox.responses import CONTENT_TYPE, Response
from tests.no_data_loss.campaign.kinds import PARENTS, path_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tap_klaviyo.sandbox import Shop

_OK = 200
_DAY = 86_400
_WORDS = "Request was throttled. Expected available in {} seconds."


def _refused(status: int, code: str, detail: str, parameter: str | None = None, **headers: str) -> Response:
    refused = RefusedError(status, code, detail, parameter=parameter)
    return Response(status, {"Content-Type": CONTENT_TYPE, **headers}, refused.body())


def _raw(status: int, kind: str, body: bytes) -> Response:
    return Response(status, {"Content-Type": kind}, body)


def _ok(body: Any) -> Response:
    return Response(_OK, {"Content-Type": CONTENT_TYPE}, json.dumps(body).encode())


# What comes in place of a response, whatever is asked.
REPLACING: dict[str, Callable[[], Response]] = {
    "500": lambda: _refused(500, "error", "Something went wrong."),
    "502": lambda: _raw(502, "text/html", b"<html><h1>502 Bad Gateway</h1></html>"),
    "503": lambda: _refused(503, "error", "Unavailable."),
    "504": lambda: _raw(504, "text/html", b"<html><h1>504 Gateway Time-out</h1></html>"),
    "gateway 404 in JSON": lambda: _raw(404, "application/json", b'{"message":"no Route matched with those values"}'),
    "gateway 404 in words": lambda: _raw(404, "text/plain", b"404 page not found"),
    "data null": lambda: _ok({"data": None}),
    "errors beside data": lambda: _ok({"data": [], "errors": [{"status": "500", "code": "error", "detail": "x"}]}),
    "no data": lambda: _ok({}),
    "429": lambda: _refused(429, "throttled", "Request was throttled."),
    "429 with seconds": lambda: _refused(429, "throttled", "Request was throttled.", **{"Retry-After": "7"}),
    "429 in words": lambda: _refused(429, "throttled", _WORDS.format(12)),
    "quota": lambda: _refused(429, "throttled", "Request was throttled.", **{"Retry-After": str(_DAY)}),
    "cut off": lambda: Response(0, wire="cut off"),
    "time-out": lambda: Response(0, wire="time-out"),
    "reset": lambda: Response(0, wire="reset"),
}
# What no retry within one run helps against, if it never ends. A 429 is waited for, however often it comes.
LASTING = frozenset(REPLACING) - {"429", "429 with seconds", "429 in words"}


@dataclass
class Document:
    """A response's JSON, to be spoiled."""

    body: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows = self.body["data"]
        return rows if isinstance(rows, list) else []


def _odd_next(found: Document) -> None:
    found.body["links"]["next"] = 5


def _swapped_within(found: Document) -> None:
    if len(found.rows) > 1:
        found.rows[-2], found.rows[-1] = found.rows[-1], found.rows[-2]


SPOILING: dict[str, Callable[[Document], None]] = {"odd next link": _odd_next, "swapped within": _swapped_within}


def _too_heavy(asked: dict[str, str], most: int) -> Response | None:
    kind = ("500", "504", "cut off", "time-out")[most % 4]
    return REPLACING[kind]() if int(asked.get("page[size]", 0)) > most else None


def _invalid_cursor(asked: dict[str, str], _: int) -> Response | None:
    refused = _refused(400, "invalid", "Invalid cursor provided.", "page[cursor]")
    return refused if "page[cursor]" in asked else None


def _gone_later(asked: dict[str, str], _: int) -> Response | None:
    return _refused(404, "not_found", "Not found.") if "page[cursor]" in asked else None


# What is refused for its parameters.
REFUSING: dict[str, Callable[[dict[str, str], int], Response | None]] = {
    "too heavy": _too_heavy,
    "invalid cursor": _invalid_cursor,
    "404 on a later page": _gone_later,
}


@dataclass
class Mishap:
    """One kind of fault, to the requests for a path whose number is in ``on``, or to all of them if that is None."""

    kind: str
    path: str
    on: frozenset[int] | None
    value: int = 0
    met: int = 0
    happened: int = 0
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def lasts(self) -> bool:
        """Whether a run that met it cannot have read everything."""
        return self.on is None and self.kind in LASTING and self.happened > 0

    def respond(self, target: str, honest: Callable[[str], Response]) -> Response | None:
        """Return what comes in place of the response, None if nothing is amiss."""
        if not fnmatchcase(urlsplit(target).path, self.path):
            return None
        self.met += 1
        if self.on is not None and self.met not in self.on:
            return None
        found = self._act(target, honest)
        self.happened += found is not None
        return found

    def _act(self, target: str, honest: Callable[[str], Response]) -> Response | None:
        if self.kind in REPLACING:
            return REPLACING[self.kind]()
        if self.kind in REFUSING:
            return REFUSING[self.kind](dict(parse_qsl(urlsplit(target).query)), self.value)
        response = honest(target)
        if response.status != _OK:
            return None
        if self.kind == "swapped over an edge":
            return self._swapped(target, response, honest)
        if self.kind == "cached page":
            return self._cached(target, response)
        document = Document(json.loads(response.body))
        SPOILING[self.kind](document)
        return replace(response, body=json.dumps(document.body).encode())

    def _swapped(self, target: str, response: Response, honest: Callable[[str], Response]) -> Response:
        """The last row of a page changes places with the first one of the page after."""
        kept: dict[str, Response] = self.kept
        if target in kept:
            return kept.pop(target)
        document = json.loads(response.body)
        following = document.get("links", {}).get("next")
        if not following or not document["data"]:
            return response
        second = honest(following)
        after = json.loads(second.body)
        if second.status == _OK and after["data"] and not document.get("included"):
            document["data"][-1], after["data"][0] = after["data"][0], document["data"][-1]
            kept[following] = replace(second, body=json.dumps(after).encode())
        return replace(response, body=json.dumps(document).encode())

    def _cached(self, target: str, response: Response) -> Response:
        """A later page of a chain comes as the first page of its path did."""
        path = urlsplit(target).path
        if "page%5Bcursor%5D" not in target:
            self.kept[path] = response
        found: Response = self.kept.get(path, response)
        return found


KINDS = (*REPLACING, *REFUSING, *SPOILING, "swapped over an edge", "cached page")


def some_mishaps(chance: random.Random, streams: list[str], shop: Shop) -> list[Mishap]:
    """Return up to three mishaps to what the streams ask."""
    return [_some_mishap(chance, streams, shop) for _ in range(chance.choice([0, 1, 1, 2, 3]))]


def _some_mishap(chance: random.Random, streams: list[str], shop: Shop) -> Mishap:
    path, kind = path_of(chance.choice(streams)), chance.choice(KINDS)
    found = shop.resources(PARENTS[path]) if path in PARENTS else []
    one = chance.choice(found).id if found and chance.random() < 0.5 else "*"
    path = path.replace("{id}", one)
    on: frozenset[int] | None = frozenset(chance.sample(range(1, 7), chance.randint(1, 3)))
    if kind in {"too heavy", "swapped over an edge", "swapped within", "cached page"}:
        on = None if kind == "too heavy" or chance.random() < 0.5 else on
    elif kind in LASTING and chance.random() < 0.4:
        on = None
    return Mishap(kind, path, on, chance.randint(1, 4))


class Troubled(Sandbox):
    """A sandbox to which mishaps happen, and whose `Date` may be wrong."""

    def __init__(self, shop: Shop, now: Callable[[], datetime]) -> None:
        super().__init__(shop, now=now)
        self.mishaps: list[Mishap] = []
        self.skewed: dict[int, timedelta | None] = {}
        """Which responses say how much too late a date; None is no date."""
        self.passes: Callable[[], None] = lambda: None
        """What happens with every request: time."""
        self.answered = 0

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request; raises what a client raises whose connection fails."""
        self.passes()
        self.answered += 1
        response = self._answer(method, target, headers, body)
        if response.wire == "cut off":
            partial = b""
            raise IncompleteRead(partial)
        if response.wire == "time-out":
            raise requests.exceptions.ReadTimeout
        if response.wire is not None:
            raise ConnectionResetError(response.wire)
        return response.status, self._dates(response.headers), response.body

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Response:
        def honest(wanted: str) -> Response:
            return super(Troubled, self).respond(method, wanted, headers, body)

        for mishap in self.mishaps:
            found = mishap.respond(target, honest)
            if found is not None:
                return self._dated(found)
        return honest(target)

    def _dates(self, headers: dict[str, str]) -> dict[str, str]:
        skew = self.skewed.get(self.answered, timedelta(0))
        if skew is None:
            return {name: value for name, value in headers.items() if name != "Date"}
        return {**headers, "Date": format_datetime(self.now() + skew, usegmt=True)} if skew else headers
