"""What can be read, by Klaviyo's documents: nothing here asks the contract that is generated from them."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

FOLDER = resources.files("tap_klaviyo.sandbox") / "documents"
DOCUMENTS = {path.name.removesuffix(".json"): json.loads(path.read_text()) for path in FOLDER.iterdir()}
NEWEST = max(DOCUMENTS)
CLASSIC = min(DOCUMENTS)
# Names that are not the plural of the type; None for what responses carry as an id alone, under a type of its own.
NAMES = {
    "billing-usage": "billing_usage",
    "brand-voice": "brand_voice",
    "import-error": "profile_import_errors",
    "template-universal-content": "universal_content",
    "profile-object-type": None,
    "profile-object-schema": None,
}
# The types that keep their names and change their model.
REMODELLED = {"campaign": "omnichannel_campaigns", "campaign-message": "omnichannel_campaign_messages"}


def resolved(document, node):
    while "$ref" in node:
        *_, section, name = node["$ref"].split("/")
        node = document["components"][section][name]
    return node


def types_in(document, node):
    """Return the types of the resources that are the primary data of a response with this schema."""
    node = resolved(document, node)
    found = set(resolved(document, node.get("properties", {}).get("type", {})).get("enum", ()))
    for inner in (*node.get("allOf", ()), *node.get("oneOf", ()), *node.get("anyOf", ())):
        found |= types_in(document, inner)
    return found | (types_in(document, node["items"]) if "items" in node else set())


def readable(document):
    """Return every type that some GET has as its primary data; a list of ids has none of its own."""
    found = set()
    for path, methods in document["paths"].items():
        if "get" in methods and "/relationships/" not in path:
            (content,) = methods["get"]["responses"]["200"]["content"].values()
            found |= types_in(document, resolved(document, content["schema"])["properties"]["data"])
    return found


def stream_of(kind, revision):
    if kind in REMODELLED and revision == NEWEST:
        return REMODELLED[kind]
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return NAMES.get(kind, plural.replace("-", "_"))


@cache
def expected():
    """Return the type and the revision of each stream that has to be there."""
    found = {}
    for revision in sorted(DOCUMENTS):
        for kind in readable(DOCUMENTS[revision]):
            found[stream_of(kind, revision)] = (kind, revision)
    return {name: where for name, where in found.items() if name is not None}
