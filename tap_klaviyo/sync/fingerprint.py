"""Which question a bookmark belongs to: another metric, path or account has a history that nobody has read yet.

The state keeps a short hash of each part of the question and not its value, which may be an address in a filter.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sync.owner import ACCOUNT, KEY, fingerprint
from tap_klaviyo.sync.saved import VERSION, Saved

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from tap_klaviyo.sync.owner import Owner

logger = logging.getLogger(__name__)

QUESTION = "question"
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
    saved = state.get(QUESTION)
    then = {name: hashed for name, hashed in saved.items() if hashed} if isinstance(saved, Mapping) else {}
    now: dict[str, str | None] = {name: fingerprint(value) for name, value in question.items()}
    other = [name for name, hashed in then.items() if name not in {ACCOUNT, KEY} and now.get(name) != hashed]
    changed = sorted([*other, *owner.changed(then, now)])
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
        now.update(dict.fromkeys(then.keys() - now.keys()))  # null: a state that is merged into the last one keeps more
        state[QUESTION] = now
    return changed
