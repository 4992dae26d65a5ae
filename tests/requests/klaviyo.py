"""Klaviyo as a test writes it by hand: exact requests, and the answers to them."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import requests_mock

from tap_klaviyo.tap import TapKlaviyo
from tests.catalogs import selecting

HOST = "https://a.klaviyo.com"
KEY = "pk_0123456789abcdef0123456789abcdef01"
NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def resource(kind: str, identifier: str, relationships: Any = None, **attributes: Any) -> dict[str, Any]:
    """A resource as an answer has it."""
    found: dict[str, Any] = {"type": kind, "id": identifier, "attributes": attributes, "links": {"self": "…"}}
    return found if relationships is None else {**found, "relationships": relationships}


def linked(kind: str, *ids: str, many: bool = False) -> dict[str, Any]:
    """A relationship with its linkage."""
    data = [{"type": kind, "id": one} for one in ids]
    return {"data": data if many else data[0], "links": {"self": "…", "related": "…"}}


def page(*data: Any, following: str | None = None, included: Any = ()) -> dict[str, Any]:
    """A page of a list."""
    document: dict[str, Any] = {"data": list(data), "links": {"self": "…", "next": following, "prev": None}}
    return {**document, "included": list(included)} if included else document


def asked(path: str, **parameters: str) -> str:
    """A request as these tests name it: readable, the parameters in the order of their names.

    Brackets cannot stand in a keyword: `fields__tag` is `fields[tag]`, and a single `_` is `-`.
    """
    named = sorted(f"{_parameter(name)}={value}" for name, value in parameters.items())
    return path + ("?" if named else "") + "&".join(named)


def _parameter(name: str) -> str:
    name, _, kind = name.replace("__", "[").replace("_", "-").partition("[")
    return f"{name}[{kind}]" if kind else name


class Klaviyo:
    """Answers each request that it knows, and keeps them all; a number is an error, as is any other request."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.urls: list[str] = []
        self.records: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.state: dict[str, Any] = {}
        self.failures: list[str] = []

    @property
    def requests(self) -> list[str]:
        """What was asked, readable, in the order in which it was asked."""
        return [_readable(url) for url in self.urls]

    def _answer(self, request: Any, context: Any) -> dict[str, Any]:
        self.urls.append(request.url)
        answer = self.answers.get(request.url, self.answers.get(_readable(request.url), 400))
        context.headers["Content-Type"] = "application/vnd.api+json"
        if isinstance(answer, int):
            context.status_code = answer
            return {"errors": [{"status": answer, "code": "invalid", "title": "No", "detail": "Not known here."}]}
        found: dict[str, Any] = answer
        return found

    def sync(
        self, *streams: str, state: dict[str, Any] | None = None, without: tuple[str, ...] = (), **config: Any
    ) -> Klaviyo:
        """Sync some streams, without some of their columns, one request after the other."""
        settings = {"auth_token": KEY, "max_workers": 1, **config}
        catalog = selecting(settings, streams)
        for item in (item for entry in catalog["streams"] for item in entry["metadata"]):
            if item["breadcrumb"][1:2] and item["breadcrumb"][1] in without:
                item["metadata"]["selected"] = False
        tap = TapKlaviyo(config=settings, catalog=catalog, state=state, now=NOW)
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with requests_mock.Mocker() as mock, contextlib.redirect_stdout(out):
            mock.register_uri(requests_mock.ANY, re.compile(re.escape(HOST)), json=self._answer)
            tap.sync_once()
        out.seek(0)
        for line in out:
            message = json.loads(line)
            if message["type"] == "RECORD":
                self.records[message["stream"]].append(message["record"])
            elif message["type"] == "STATE":
                self.state = message["value"]
        self.failures = tap.failures
        return self

    def bookmark(self, stream: str) -> Any:
        """The bookmark that the last STATE has."""
        return self.state["bookmarks"].get(stream, {}).get("replication_key_value")


def at(stream: str, key: str, value: str) -> dict[str, Any]:
    """A state with one bookmark, of a stream that looked back and swept just now."""
    now = NOW.isoformat()
    duties = {"lookback_at": now, "swept_at": now, "read_at": now}
    return {"bookmarks": {stream: {"replication_key": key, "replication_key_value": value, **duties}}}


def _readable(url: str) -> str:
    parts = urlsplit(url)
    query = sorted(unquote(parameter) for parameter in parts.query.split("&") if parameter)
    return unquote(parts.path) + ("?" if query else "") + "&".join(query)
