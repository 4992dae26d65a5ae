"""The account that the key belongs to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tap_klaviyo.streams.resource import KlaviyoStream
from tap_klaviyo.sync.owner import Telling

if TYPE_CHECKING:
    from tap_klaviyo.sync.plan import Plan
    from tap_klaviyo.sync.stream_sync import StreamSync


class Accounts(KlaviyoStream):
    """The account itself: one record, with time zone and currency. One request."""

    name = "accounts"
    path = "/api/accounts"
    swept = True

    def plan(self, sync: StreamSync) -> Plan:
        """Return how the stream is read; what it reads says whose the key is, at no request of its own."""
        plan = super().plan(sync)
        return replace(plan, maker=Telling(plan.maker, self.session.account.tell))


STREAMS = (Accounts,)
