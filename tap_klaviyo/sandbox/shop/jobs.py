"""Bulk jobs: of the catalog, of coupon codes, of profiles, and what failed in an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop import catalog, coupons
from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Link, Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

_STATUSES = ("complete", "processing", "queued", "cancelled")
# one kind of job is over one page
_MANY, _FEW = 130, 6
_VERBS = ("create", "update", "delete")


def made(maker: Maker, profile_ids: list[str], list_ids: list[str], segment_ids: list[str]) -> list[Resource]:
    """Return all jobs and import errors."""
    found = []
    items = {"item": "items", "variant": "variants", "category": "categories"}
    ids = {"item": catalog.item_ids(), "variant": catalog.variant_ids(), "category": catalog.category_ids()}
    for thing, relationship in items.items():
        for verb in _VERBS:
            count = _MANY if (thing, verb) == ("item", "create") else _FEW
            found += _bulk(maker, f"catalog-{thing}-bulk-{verb}-job", relationship, ids[thing], count)
    found += _bulk(maker, "coupon-code-bulk-create-job", "coupon-codes", coupons.code_ids(maker, 0), _FEW)
    found += _imports(maker, profile_ids, list_ids)
    for verb in ("create", "delete"):
        found += _suppressions(maker, f"profile-suppression-bulk-{verb}-job", list_ids, segment_ids)
    return found


def _counts(index: int) -> dict[str, Any]:
    status = _STATUSES[index % len(_STATUSES)]
    done = status == "complete"
    return {
        "status": status,
        "created_at": before_anchor(90 - index // 2),
        "completed_at": before_anchor(89.5 - index // 2) if done else None,
        "total_count": index,
        "completed_count": index if done else None,
    }


def _bulk(maker: Maker, kind: str, relationship: str, ids: list[str], count: int) -> list[Resource]:
    found = []
    for index in range(count):
        error = {
            "id": maker.uuid(kind, index),
            "code": "invalid",
            "title": "Invalid input.",
            "detail": "external_id is taken",
            "source": {"pointer": "/data/attributes"},
        }
        attributes = {
            **_counts(index),
            "failed_count": index % 2,
            "errors": [error] if index % 2 else [],
            "expires_at": before_anchor(80 - index // 2) if index % 3 else None,
        }
        links: dict[str, Link] = {relationship: ids[index : index + 2]}
        found.append(Resource(kind, maker.uuid(f"{kind}-id", index), attributes, links))
    return found


def _imports(maker: Maker, profile_ids: list[str], list_ids: list[str]) -> list[Resource]:
    kind = "profile-bulk-import-job"
    found = []
    for index in range(_MANY):
        job_id = maker.ulid(kind, index)
        failed = 25 if index == 0 else index % 3
        attributes = {
            **_counts(index),
            "failed_count": failed,
            "started_at": before_anchor(89.9 - index // 2) if index % 4 != 2 else None,
            "expires_at": before_anchor(80 - index // 2),
        }
        links: dict[str, Link] = {"lists": list_ids[index : index + 1], "profiles": profile_ids[index : index + 3]}
        found.append(Resource(kind, job_id, attributes, links))
        for number in range(failed):
            error = {
                "code": "invalid",
                "title": "Invalid input.",
                "detail": f"Row {number}: not an e-mail address",
                "source": {"pointer": f"/data/{number}/email" if number % 2 else None},
                "original_payload": {"email": "nobody at example", "row": number} if number % 3 else None,
            }
            error_id = maker.ulid("import-error", index * 100 + number)
            found.append(Resource("import-error", error_id, error, {kind: job_id}))
    return found


def _suppressions(maker: Maker, kind: str, list_ids: list[str], segment_ids: list[str]) -> list[Resource]:
    found = []
    for index in range(_FEW):
        counts = _counts(index)
        attributes = {**counts, "skipped_count": 0 if index % 2 else None}
        links: dict[str, Link] = {
            "lists": list_ids[index : index + 1] if index % 2 else [],
            "segments": segment_ids[index : index + 1] if index % 2 == 0 else [],
        }
        hidden = {"created": counts["created_at"]}
        found.append(Resource(kind, maker.ulid(kind, index), attributes, links, hidden))
    return found
