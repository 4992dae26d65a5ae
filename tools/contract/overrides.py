"""Where this project deviates from Klaviyo's document: every deviation stands here, with its reason."""

from __future__ import annotations

from typing import Any, NamedTuple


class Override(NamedTuple):
    """A value that replaces what the document says, and why."""

    value: Any
    reason: str


# Resource type -> stream name, where the plural in snake case is not the name.
STREAM_NAMES: dict[str, Override] = {
    "template-universal-content": Override("universal_content", "the name in Klaviyo's editor and guides"),
    "import-error": Override("profile_import_errors", "not the only import; its parent is a profile bulk import job"),
}

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
}

# Attribute -> the column's schema, in every resource type that has it.
EVERYWHERE: dict[str, Override] = {
    "definition": Override(
        _OPEN_OBJECT,
        "a tree of dozens of shapes, some of them recursive, that Klaviyo extends between revisions; "
        "one open object loads whatever comes",
    ),
}

# (resource type, attribute) that is not a column of the type's own stream.
DROPPED: dict[tuple[str, str], str] = {
    ("profile", "joined_group_at"): (
        "a fact of a membership and not of a profile: only the profiles of one list or segment carry it, "
        "and it differs from list to list"
    ),
}

# (path, parameter, value in the prose of a lower limit) -> the value that the parameter really takes.
LIMIT_VALUES: dict[tuple[str, str, str], Override] = {
    ("/api/profiles/{id}", "include", "list"): Override("lists", "the parameter's own enumeration says lists"),
    ("/api/profiles/{id}", "include", "segment"): Override("segments", "the parameter's own enumeration says segments"),
}
