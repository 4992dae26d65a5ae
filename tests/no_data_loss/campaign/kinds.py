"""What a random account is made of, and which stream reads it: one of each way to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_klaviyo.sandbox import Resource


@dataclass(frozen=True)
class Kind:
    """Resources that a stream lists."""

    stream: str
    shelf: str
    label: str
    """An attribute that changes with every change."""
    dated: str | None = None
    """What says when it changed."""
    flag: str | None = None
    """What puts it away without a date."""
    undated: bool = False
    """Whether that date may be null."""


@dataclass(frozen=True)
class Child:
    """Resources that are read by their parents."""

    stream: str
    shelf: str
    parent: str
    relationship: str
    column: str
    """Where the record says its parent."""
    label: str
    dated: bool = False
    """Whether the label is a date-time."""
    listed: bool = False
    """Whether they are listed without their parents, which may be gone."""

    def silent(self, parent: Resource) -> bool:
        """Tell whether a parent is known to have no children: a delay sends no messages."""
        return self.shelf == "flow-message" and parent.attributes["definition"]["type"] == "time-delay"


EVENTS = ("events",)
KINDS = (
    Kind("profiles", "profile", "first_name", "updated", undated=True),
    Kind("templates", "template", "name", "updated", undated=True),
    Kind("universal_content", "template-universal-content", "name", "updated", undated=True),
    Kind("lists", "list", "name", "updated", undated=True),
    Kind("segments", "segment", "name", "updated", undated=True),
    Kind("flows", "flow", "name", "updated", "archived", undated=True),
    Kind("campaigns", "campaign", "name", "updated_at", "archived"),
    Kind("images", "image", "name", "updated_at", "hidden"),
    Kind("reviews", "review", "title", "updated"),
    Kind("forms", "form", "name", "updated_at", undated=True),
    Kind("web_feeds", "web-feed", "name", "updated"),
    Kind("tags", "tag", "name"),
    Kind("coupons", "coupon", "description"),
    Kind("catalog_items", "catalog-item", "title"),
    Kind("catalog_categories", "catalog-category", "name"),
    Kind("metrics", "metric", "name"),
)
CHILDREN = (
    Child("coupon_codes", "coupon-code", "coupon", "coupon", "coupon_id", "status"),
    Child("flow_actions", "flow-action", "flow", "flow", "flow_id", "updated", dated=True),
    Child("flow_messages", "flow-message", "flow-action", "flow-action", "flow_action_id", "updated", dated=True),
    Child("form_versions", "form-version", "form", "form", "form_id", "updated_at", dated=True),
    Child("catalog_variants", "catalog-variant", "catalog-item", "item", "item_id", "title", listed=True),
    Child("campaign_messages", "campaign-message", "campaign", "campaign", "campaign_id", "updated_at", dated=True),
)
TAGGED = {
    "flow_tags": "flow",
    "list_tags": "list",
    "segment_tags": "segment",
    "campaign_tags": "campaign",
    "catalog_category_items": "catalog-item",
}
MEMBERS = {"list_profiles": "list", "segment_profiles": "segment"}
STREAMS = (
    *EVENTS,
    *(kind.stream for kind in KINDS),
    *(child.stream for child in CHILDREN),
    *TAGGED,
    *MEMBERS,
)
# Those with a replication key: one that is read in full drops what is gone, and of the others if a setting says so.
KEYED = frozenset(
    (
        *EVENTS,
        *MEMBERS,
        *("flow_messages", "form_versions"),
        *(kind.stream for kind in KINDS if kind.dated is not None),
    )
)
# Cursors of these hold no id, so that Klaviyo itself may lose ties at the edge of a page.
WHOLE_PAGES = frozenset({"forms", "web_feeds", "metrics"})
PATHS = {
    "events": "/api/events",
    "list_profiles": "/api/lists/{id}/profiles",
    "segment_profiles": "/api/segments/{id}/profiles",
    "coupon_codes": "/api/coupons/{id}/coupon-codes",
    "flow_messages": "/api/flow-actions/{id}/flow-messages",
    "form_versions": "/api/forms/{id}/form-versions",
    "campaign_messages": "/api/campaigns*",
    "flow_actions": "/api/flows*",
    "flow_tags": "/api/flows",
    "list_tags": "/api/lists",
    "segment_tags": "/api/segments",
    "campaign_tags": "/api/campaigns",
    "catalog_category_items": "/api/catalog-categories/{id}/relationships/items",
    "universal_content": "/api/template-universal-content",
    "web_feeds": "/api/web-feeds",
    "catalog_items": "/api/catalog-items",
    "catalog_categories": "/api/catalog-categories",
    "catalog_variants": "/api/catalog-variants",
}


def path_of(stream: str) -> str:
    """Return the path that a stream asks, with `{id}` for a parent's id."""
    return PATHS.get(stream, f"/api/{stream}")


PARENTS = {
    "/api/lists/{id}/profiles": "list",
    "/api/segments/{id}/profiles": "segment",
    "/api/coupons/{id}/coupon-codes": "coupon",
    "/api/flow-actions/{id}/flow-messages": "flow-action",
    "/api/forms/{id}/form-versions": "form",
    "/api/catalog-categories/{id}/relationships/items": "catalog-category",
}
