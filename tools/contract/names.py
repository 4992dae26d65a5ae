"""Klaviyo's resource types and the names that streams, schemas and columns have for them."""

from __future__ import annotations

import re

from tools.contract.overrides import STREAM_NAMES


def snake(name: str) -> str:
    """Return a JSON:API member name as a column name: ``push-tokens`` is ``push_tokens``."""
    return name.replace("-", "_")


def stream_name(resource_type: str) -> str:
    """Return the plural of a resource type in snake case: ``catalog-category`` is ``catalog_categories``."""
    if resource_type in STREAM_NAMES:
        return str(STREAM_NAMES[resource_type].value)
    return re.sub(r"(?<=[^aeiou])y$", "ie", snake(resource_type)) + "s"
