"""How these tests call the sandbox."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tap_klaviyo.sandbox.document import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_klaviyo.sandbox import Sandbox
    from tap_klaviyo.sandbox.operation import Operation

OLDER, NEWER = "2026-07-15", "2026-10-15"
REVISION = {"revision": OLDER}
_SAMPLE = 12


def get(sandbox: Sandbox, target: str, **headers: str) -> tuple[int, dict[str, Any]]:
    """Return status and parsed body."""
    status, _, body = sandbox.handle("GET", target, {**REVISION, **headers})
    return status, json.loads(body)


def pages(sandbox: Sandbox, target: str, revision: str = OLDER) -> Iterator[dict[str, Any]]:
    """Yield each page of a chain; no page for a 404."""
    following: str | None = target
    while following:
        status, page = get(sandbox, following, revision=revision)
        if status == 404:
            return
        assert status == 200, (following, page)
        following = page["links"].get("next")
        yield page


def rows(sandbox: Sandbox, target: str, revision: str = OLDER) -> list[dict[str, Any]]:
    """Return the rows of all pages."""
    return [row for page in pages(sandbox, target, revision) for row in page["data"]]


def targets(sandbox: Sandbox, operation: Operation, revision: str = OLDER, *, everything: bool = False) -> list[str]:
    """Return requests of an operation: for some of its parents, with all includes and additional fields."""
    query = []
    if everything:
        if "include" in operation.parameters:
            query.append("include=" + ",".join(operation.choices("include") or ()))
        names = [name for name in operation.parameters if name.startswith("additional-fields")]
        query += [f"{name}=" + ",".join(operation.choices(name) or ()) for name in names]
    required = {
        "messages.channel": [f'equals(messages.channel,"{one}")' for one in ("email", "sms", "mobile_push")],
        "coupon.id": ['any(coupon.id,["SUMMER0","SUMMER3"])'],
    }
    filters = required[operation.filter_requires[0]] if operation.filter_requires else [None]
    ids: list[str | None] = [None]
    if "{" in operation.path:
        kind = load(revision).singulars[operation.segments[0]]
        found = [resource.id for resource in sandbox.view(revision).resources(kind)]
        ids = [*found[:: max(1, len(found) // _SAMPLE)]]
    return [
        _path(operation, parent) + "?" + "&".join([*query, *([f"filter={quote(one)}"] if one else [])])
        for parent in ids
        for one in filters
    ]


def _path(operation: Operation, parent: str | None) -> str:
    if parent is None:
        return operation.path
    return operation.path.replace("{id}", quote(parent, safe="")).replace("{job_id}", parent)
