"""What a key that Klaviyo does not accept looks like, and the usual mistake that fits; never the key itself."""

from __future__ import annotations

import re

PREFIX = "pk_"
_SHORTEST = 37  # `pk_` and 34 characters

_MISTAKES: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"[A-Za-z0-9]{6}"),
        "this is the form of a public key (site ID): create a private key in Klaviyo (Settings, API keys)",
    ),
    (
        re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*"),
        "this is the form of an OAuth token: set client_id, client_secret and refresh_token instead",
    ),
    (re.compile(r"[\"'`].*|.*[\"'`]"), "there are quotation marks in it: remove them"),
    (
        re.compile(r"\$.*|%.*%|<.*>|\{\{?.*"),
        "it is the name of a variable or a placeholder, not its value: put the key in",
    ),
    (re.compile(r".*(?:\*\*|\.\.|xxx).*", re.IGNORECASE), "it is masked or an example: copy the whole private key"),
)


def describe(key: str) -> str:
    """The form of a refused key, and what to do."""
    starts = key.startswith(PREFIX)
    form = f"it has {len(key)} characters and {'begins' if starts else 'does not begin'} with {PREFIX}"
    return f"{form}; {_mistake(key, starts=starts)}"


def _mistake(key: str, *, starts: bool) -> str:
    for pattern, words in _MISTAKES:
        if pattern.fullmatch(key):
            return words
    if not starts:
        return "a private key begins with pk_: copy one from Klaviyo (Settings, API keys), or create one"
    if len(key) < _SHORTEST:
        return f"a private key has {_SHORTEST} characters or more: copy all of it"
    return "it may have been deleted, or belong to another account: compare it with Klaviyo (Settings, API keys)"
