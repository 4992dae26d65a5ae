"""Every stream there is: the declared ones, and those that the settings add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.http import Origin
from tap_klaviyo.http.origin import KLAVIYO_URL
from tap_klaviyo.streams import (
    accounts,
    campaigns,
    catalogs,
    coupons,
    custom_objects,
    events,
    flows,
    forms,
    images,
    lists,
    metrics,
    profiles,
    push_tokens,
    reviews,
    segments,
    suppressions,
    tags,
    templates,
    tracking,
    web_feeds,
    webhooks,
)
from tap_klaviyo.streams.custom.build import custom_streams
from tap_klaviyo.streams.custom.events import event_streams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tap_klaviyo.streams.base import KlaviyoStream

STREAMS = (
    *accounts.STREAMS,
    *campaigns.STREAMS,
    *catalogs.STREAMS,
    *coupons.STREAMS,
    *custom_objects.STREAMS,
    *events.STREAMS,
    *flows.STREAMS,
    *forms.STREAMS,
    *images.STREAMS,
    *lists.STREAMS,
    *metrics.STREAMS,
    *profiles.STREAMS,
    *push_tokens.STREAMS,
    *reviews.STREAMS,
    *segments.STREAMS,
    *suppressions.STREAMS,
    *tags.STREAMS,
    *templates.STREAMS,
    *tracking.STREAMS,
    *web_feeds.STREAMS,
    *webhooks.STREAMS,
)
"""The declared streams, a module per Klaviyo API category."""


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
        origin = Origin.of(str(config.get("api_url") or KLAVIYO_URL))
        parents = {str(vars(stream)["name"]): stream for stream in STREAMS}
        found += custom_streams(raw, parents, taken=names, origin=origin, now=now)
    return found
