"""Which question a bookmark belongs to: another metric, path or account has a history that nobody has read yet.

The state keeps a short hash of each part of the question and not its value, which may be an address in a filter.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.saved import VERSION, Saved

if TYPE_CHECKING:
    from collections.abc import MutableMapping

logger = logging.getLogger(__name__)

QUESTION = "question"
ACCOUNT = "account"
_BYTES = 4  # of a hash: a change goes unnoticed once in four billion
_LISTS = frozenset({"partitions"})  # never null: they are empty where they are over


def fingerprint(value: Any) -> str:
    """Return a short hash of one part of a question; the order of an object's members makes no difference."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=_BYTES).hexdigest()


def take_up(
    state: MutableMapping[str, Any], question: Mapping[str, Any], account: str | None, stream: str
) -> list[str]:
    """Note the question in a stream's part of the state; where it is another one, forget what was read before.

    A part that the state does not know counts as unchanged: earlier releases wrote none, and a first filter leaves
    rows out and adds none. The account is compared whenever it is known.

    Args:
        state: The stream's part of the state.
        question: What decides which rows there are, by the names that the settings have for it.
        account: The id of the account, if it is known.
        stream: The stream's name.

    Returns:
        The names of the parts that changed.
    """
    saved = state.get(QUESTION)
    then = {name: hashed for name, hashed in saved.items() if hashed} if isinstance(saved, Mapping) else {}
    now = {name: fingerprint(value) for name, value in question.items()}
    if account is not None:
        now[ACCOUNT] = fingerprint(account)
    elif ACCOUNT in then:
        now[ACCOUNT] = then[ACCOUNT]
    changed = sorted(name for name, hashed in then.items() if now.get(name) != hashed)
    if changed:
        logger.warning(
            "%s: another question than in the last run (changed: %s): reading from the beginning; rows that were read "
            "before stay in the table",
            stream,
            ", ".join(changed),
        )
        # What rows of the table carry stays: targets take rows without a version, or of a lower one, for gone.
        version = Saved.of(state, stream).table_version
        state.update({name: None for name in state if name not in _LISTS} | ({VERSION: version} if version else {}))
    if now or then:
        state[QUESTION] = {**dict.fromkeys(then), **now}  # null: a state that is merged into the last one keeps more
    return changed
