"""Which relationships the shop keeps, and which it works out from the other side."""

from __future__ import annotations

# (type, relationship) -> (type that keeps it, its relationship there)
INVERSE = {
    ("campaign", "campaign-messages"): ("campaign-message", "campaign"),
    ("omnichannel-campaign", "campaign-messages"): ("omnichannel-campaign-message", "campaign"),
    ("omnichannel-campaign", "campaign-audiences"): ("campaign-audience", "campaign"),
    ("campaign-audience", "campaign-messages"): ("omnichannel-campaign-message", "campaign-audience"),
    ("omnichannel-campaign-message", "campaign-variations"): ("campaign-variation", "campaign-message"),
    ("campaign-variation", "translation"): ("translation", "campaign-variation"),
    ("text-messaging-sender-registration", "text-messaging-sender"): (
        "text-messaging-sender",
        "text-messaging-sender-registration",
    ),
    ("tag", "campaigns"): ("campaign", "tags"),
    ("tag", "omnichannel-campaigns"): ("omnichannel-campaign", "tags"),
    ("tag", "flows"): ("flow", "tags"),
    ("tag", "lists"): ("list", "tags"),
    ("tag", "segments"): ("segment", "tags"),
    ("tag-group", "tags"): ("tag", "tag-group"),
    ("catalog-category", "items"): ("catalog-item", "categories"),
    ("catalog-item", "variants"): ("catalog-variant", "item"),
    ("coupon", "coupon-codes"): ("coupon-code", "coupon"),
    ("metric", "metric-properties"): ("metric-property", "metric"),
    ("profile", "push-tokens"): ("push-token", "profile"),
    ("profile", "conversations"): ("conversation", "profile"),
    ("profile", "conversation"): ("conversation", "profile"),
    ("flow", "flow-actions"): ("flow-action", "flow"),
    ("flow-action", "flow-messages"): ("flow-message", "flow-action"),
    ("form", "form-versions"): ("form-version", "form"),
    ("object-type", "schema-versions"): ("object-schema", "object-type"),
    ("object-type", "object-records"): ("object-record", "object-type"),
    ("object-type", "object-ingestion-logs"): ("object-ingestion-log", "object-type"),
    ("profile-bulk-import-job", "import-errors"): ("import-error", "profile-bulk-import-job"),
}
# relationships of a profile that are the other side of a group's members
GROUPS = {("profile", "lists"): "list", ("profile", "segments"): "segment"}
GROUP_TYPES = ("list", "segment")

# filter field -> the relationships that it may mean, of which a type has one
LINK_FIELDS = {
    "campaign_id": ("campaign",),
    "metric": ("metric",),
    "metric_id": ("metric",),
    "profile": ("profile",),
    "profile_id": ("profile",),
    "profile.id": ("profile",),
    "coupon.id": ("coupon",),
    "item.id": ("item", "items"),
    "category.id": ("categories",),
    "list_id": ("lists",),
    "segment_id": ("segments",),
    "record_id": ("object-record",),
}
