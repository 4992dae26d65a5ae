"""The streams that the settings add to the built-in ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.custom.streams import custom_streams
from tap_klaviyo.event_streams import event_streams
from tap_klaviyo.http import Origin
from tap_klaviyo.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_klaviyo.client import KlaviyoStream

_API_URL = "https://a.klaviyo.com"


def own_streams(config: Mapping[str, Any], taken: Sequence[str], now: datetime) -> list[type[KlaviyoStream]]:
    """Return the stream classes that `event_streams` and `custom_streams` ask for; nothing is requested.

    Args:
        config: The settings; discovery comes here before they are checked.
        taken: The names of the streams that there are already.
        now: The start of the sync.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    names = {*taken}
    found: list[type[KlaviyoStream]] = []
    if raw := config.get("event_streams"):
        own = event_streams(raw, names)
        found += own
        names |= {stream.entry.name for stream in own}
    if raw := config.get("custom_streams"):
        origin = Origin.of(str(config.get("api_url") or _API_URL))
        parents = {str(vars(stream)["name"]): stream for stream in STREAMS}
        found += custom_streams(raw, parents, taken=names, origin=origin, now=now)
    return found
