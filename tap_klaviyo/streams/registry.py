"""Every stream there is: the declared ones, and those that the settings add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.config.masks import check_everywhere
from tap_klaviyo.config.stream_options import check_streams
from tap_klaviyo.http import Origin
from tap_klaviyo.streams import (
    accounts,
    billing,
    brands,
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
    omnichannel_campaigns,
    profiles,
    push_tokens,
    reviews,
    segments,
    suppressions,
    tags,
    templates,
    text_messaging,
    tracking,
    translations,
    web_feeds,
    webhooks,
)
from tap_klaviyo.streams.custom.build import custom_streams
from tap_klaviyo.streams.custom.events import event_streams
from tap_klaviyo.streams.custom.stream import CustomStream
from tap_klaviyo.streams.reports.builtin import report_streams
from tap_klaviyo.streams.resource import KlaviyoStream

if TYPE_CHECKING:
    from singer_sdk import Tap

    from tap_klaviyo.streams.base import BaseStream
    from tap_klaviyo.sync.session import Session

STREAMS = (
    *accounts.STREAMS,
    *billing.STREAMS,
    *brands.STREAMS,
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
    *omnichannel_campaigns.STREAMS,
    *profiles.STREAMS,
    *push_tokens.STREAMS,
    *reviews.STREAMS,
    *segments.STREAMS,
    *suppressions.STREAMS,
    *tags.STREAMS,
    *templates.STREAMS,
    *text_messaging.STREAMS,
    *tracking.STREAMS,
    *translations.STREAMS,
    *web_feeds.STREAMS,
    *webhooks.STREAMS,
)
"""The declared streams, a module per Klaviyo API category."""


def every_stream(tap: Tap, session: Session) -> list[BaseStream]:
    """Return every stream: the declared ones, the reports, and those that the settings add; nothing is requested.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    declared = [stream(tap, session) for stream in STREAMS]
    reports = report_streams(tap, session, [stream.name for stream in declared])
    found: list[BaseStream] = [*declared, *reports]
    own = _own_streams(session, {stream.name for stream in found})
    return [*found, *(stream(tap, session) for stream in own)]


def opened(tap: Tap, session: Session) -> list[BaseStream]:
    """Return every stream, each known to the others as a parent by what lists its ids.

    Raises:
        SettingsError: An entry that cannot be followed.
    """
    streams = every_stream(tap, session)
    check_streams(session.settings.stream_options, [stream.name for stream in streams])
    check_everywhere(session.settings.stream_options, [one for stream in streams for one in stream.columns])
    for stream in streams:
        if isinstance(stream, KlaviyoStream | CustomStream):
            stream.policy()  # an option that no read can follow is refused before the first one
        listing = stream.listing()
        if listing is not None:
            session.parent_ids.register(stream.name, listing)
    return streams


def _own_streams(session: Session, taken: set[str]) -> list[type[BaseStream]]:
    """Return the stream classes that `event_streams` and `custom_streams` ask for."""
    settings = session.settings
    found: list[type[BaseStream]] = [*event_streams(settings.event_streams, taken)]
    names = taken | {stream.name for stream in found}
    parents = {stream.name: stream for stream in STREAMS}
    origin = Origin.of(settings.api_url)
    return [
        *found,
        *custom_streams(settings.custom_streams, parents, taken=names, origin=origin, now=session.started_at),
    ]
