"""Where this project deviates from Klaviyo's document: every deviation stands here, with its reason."""

from __future__ import annotations

from typing import Any, NamedTuple


class Override(NamedTuple):
    """A value that replaces what the document says, and why."""

    value: Any
    reason: str


# (resource type, first revision) -> stream name, when the plural in snake case is not the name.
STREAM_NAMES: dict[tuple[str, str], Override] = {
    ("template-universal-content", ""): Override("universal_content", "the name in Klaviyo's editor and guides"),
    ("import-error", ""): Override(
        "profile_import_errors", "not the only import; its parent is a profile bulk import job"
    ),
    ("billing-usage", ""): Override("billing_usage", "a mass noun, as in the path of its endpoint"),
    ("brand-voice", ""): Override("brand_voice", "an account has one, as the path of its endpoint says"),
    ("campaign", "2026-10-15"): Override(
        "omnichannel_campaigns", "another model under the same type; campaigns are those of the classic model"
    ),
    ("campaign-message", "2026-10-15"): Override(
        "omnichannel_campaign_messages",
        "another model under the same type; campaign_messages are those of the classic model",
    ),
}

# (start of the path, resource type) -> schema name, for responses that give a type another shape than its stream has.
VARIANTS: dict[tuple[str, str], Override] = {
    ("/api/translations", "flow-message"): Override(
        "translation_flow_messages",
        "its attributes are name and content instead of a definition: merged, flow messages would get columns that "
        "no endpoint of theirs fills",
    ),
}

_STRING = {"type": ["string", "null"]}
_UNTYPED_DATE_TIME = {"type": ["string", "null"], "format": "date-time"}
_OPEN_OBJECT = {"type": ["object", "null"], "additionalProperties": True}

# (resource type, attribute) -> the column's schema.
ATTRIBUTES: dict[tuple[str, str], Override] = {
    ("metric", "created"): Override(
        _UNTYPED_DATE_TIME, "a plain string in the document, whose prose says ISO 8601; answers have a date-time"
    ),
    ("metric", "updated"): Override(
        _UNTYPED_DATE_TIME, "a plain string in the document, whose prose says ISO 8601; answers have a date-time"
    ),
    ("metric-property", "sample_values"): Override(
        {"type": ["array", "null"]},
        "values of every scalar type in one list: without a type for its items, warehouses load it as JSON; "
        "a PostgreSQL array refuses a list of mixed types",
    ),
}

# (resource type, attribute) -> the column's schema, for what comes in every full response and is in no document.
UNLISTED: dict[tuple[str, str], Override] = {
    ("profile", "anonymous_id"): Override(
        _STRING, "recorded from real accounts since 2023, beside external_id; no revision's fields[profile] takes it"
    ),
    ("profile", "whatsapp_bsuid"): Override(
        _STRING, "recorded from real accounts in 2026, beside external_id; no revision's fields[profile] takes it"
    ),
}

# (resource type, dotted place) -> the dotted place of what has the same shape, for members that a document lacks.
COPIED: dict[tuple[str, str], Override] = {
    ("profile", "subscriptions.email.click_tracking"): Override(
        "subscriptions.email.open_tracking",
        "recorded from real accounts under 2026-07-15, whose document lacks it; later ones give it this shape",
    ),
}

# (resource type, attribute): another value in every response, although nothing has changed.
VOLATILE: dict[tuple[str, str], str] = {
    ("template", "screenshot_url"): "a presigned address, valid for 24 hours, that is made anew for each response",
}

# (resource type, attribute) that is missing where another resource includes it, unless a sparse fieldset names it.
OMITTED: dict[tuple[str, str], str] = {
    ("campaign-message", "definition"): (
        "recorded from real accounts since 2025-01-15: messages included with their campaign have send_times, "
        "created_at and updated_at alone, although the document lists definition"
    ),
}

# (resource type, dotted place) whose alternatives become one open object with the members that they agree on.
UNITED: dict[tuple[str, str], str] = {
    ("campaign-variation", "definition.details"): (
        "four channels share subject, body, template_id and their like; as members they can become typed columns"
    ),
}

# Attribute -> the column's schema, in every resource type that has it but those in TYPED.
EVERYWHERE: dict[str, Override] = {
    "definition": Override(
        _OPEN_OBJECT,
        "a tree of dozens of shapes, some of them recursive, that Klaviyo extends between revisions; "
        "one open object loads whatever comes",
    ),
}

# (resource type, attribute) that keeps the document's schema where EVERYWHERE has another one.
TYPED: dict[tuple[str, str], str] = {
    ("campaign", "definition"): "one flat shape with the campaign's name and settings, which become typed columns",
    ("campaign-audience", "definition"): "one flat shape with the audience's lists and segments",
    ("campaign-message", "definition"): "one flat shape with the message's status and options; classic messages differ",
    ("campaign-variation", "definition"): "one flat shape around the details, whose alternatives are united",
}

# (resource type, attribute) that is not a column of the type's own stream.
DROPPED: dict[tuple[str, str], str] = {
    ("profile", "joined_group_at"): (
        "a fact of a membership and not of a profile: only the profiles of one list or segment carry it, "
        "and it differs from list to list"
    ),
    ("object-type", "meta"): "says how another object type relates to this one: only such included types carry it",
    ("object-schema", "meta"): "says how another object schema relates to this one: only such included ones carry it",
}

# (path, parameter, value in the prose of a lower limit) -> the value that the parameter really takes.
LIMIT_VALUES: dict[tuple[str, str, str], Override] = {
    ("/api/profiles/{id}", "include", "list"): Override("lists", "the parameter's own enumeration says lists"),
    ("/api/profiles/{id}", "include", "segment"): Override("segments", "the parameter's own enumeration says segments"),
}

# (path, field) -> operators that take one value, where the document lists them for lists alone.
OPERATORS: dict[tuple[str, str], Override] = {
    ("/api/coupon-codes", "coupon.id"): Override(["equals"], "the document's own example of this filter has one value"),
    ("/api/coupon-codes", "profile.id"): Override(["equals"], "its prose asks for one profile or for several"),
}

# Path -> lower limits that the document forgets, in the form of ``x-ratelimit-when``.
LIMITS: dict[str, Override] = {
    "/api/segments/{id}/profiles": Override(
        [
            {
                "parameter": "additional-fields[profile]",
                "value": "predictive_analytics",
                "burst": "10/s",
                "steady": "150/m",
            }
        ],
        "stated for all profiles and for the profiles of a list, which give the same field at the same base limits; "
        "too low costs time, too high costs refused requests, and the answers' headers correct either",
    ),
}

# Statistics and measurements whose columns hold fractions; all others count something.
FRACTIONAL_STATISTICS = Override(
    r"\w+_rate|\w+_value|\w+_per_\w+|text_message_(roi|spend|credit_usage_amount)",
    "the document leaves the type of a statistic open; it says that rates are fractions, its examples count in whole "
    "numbers, and what is left is money or credit",
)

# (report kind, key of the report's facts) -> what the document leaves out.
REPORTS: dict[tuple[str, str], Override] = {
    ("segment_values", "default_group_by"): Override(
        ["segment_id"], "takes no group_by; every result of the document's examples is grouped by segment_id"
    ),
    ("segment_series", "default_group_by"): Override(
        ["segment_id"], "takes no group_by; every result of the document's examples is grouped by segment_id"
    ),
    ("metric_aggregates", "timeframe_days"): Override(
        365, "Klaviyo's guide to the endpoint limits a query to one year; the document does not say so"
    ),
}
