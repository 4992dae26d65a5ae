"""Which question a bookmark belongs to: another metric, path or account has a history that nobody has read yet.

The state keeps a short hash of each part of the question and not its value, which may be an address in a filter.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.fingerprint import fingerprint
from tap_klaviyo.sync.owner import ACCOUNT, KEY
from tap_klaviyo.sync.saved import VERSION, Saved

if TYPE_CHECKING:
    from tap_klaviyo.sync.owner import Owner

logger = logging.getLogger(__name__)

QUESTION = "question"
_OWNER = frozenset({ACCOUNT, KEY})
_LISTS = frozenset({"partitions"})  # never null: they are empty where they are over


def take_up(state: MutableMapping[str, Any], question: Mapping[str, Any], owner: Owner, stream: str) -> list[str]:
    """Note the question in a stream's part of the state; where it is another one, forget what was read before.

    A part that the state does not know counts as unchanged: earlier releases wrote none, and a first filter leaves
    rows out and adds none.

    Args:
        state: The stream's part of the state.
        question: What decides which rows there are, by the names that the settings have for it.
        owner: Whose key this run has.
        stream: The stream's name.

    Returns:
        The names of the parts that changed.

    Raises:
        KlaviyoError: Klaviyo does not answer whose the key is.
    """
    found = state.get(QUESTION)
    saved = found if isinstance(found, Mapping) else {}
    then = {name: hashed for name, hashed in saved.items() if hashed}
    now: dict[str, str | None] = {name: fingerprint(value) for name, value in question.items()}
    changed = [name for name, hashed in then.items() if name not in _OWNER and now.get(name) != hashed]
    changed = sorted([*changed, *owner.changed(then)])
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
        kept = {name: then.get(name) for name in _OWNER if not changed}
        # Null where it is over: a state that is merged into the last one keeps what is absent.
        state[QUESTION] = {name: kept.get(name) for name in saved} | now
    return changed


def sign(state: MutableMapping[str, Any], owner: Owner) -> None:
    """Note in a stream's part of the state whose rows have been written; what reads nothing leaves it as it was."""
    question = state.get(QUESTION)
    if not isinstance(question, MutableMapping):
        question = {}
    owner.sign(question)
    if question:
        state[QUESTION] = question
