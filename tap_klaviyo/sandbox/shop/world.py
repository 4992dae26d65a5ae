"""The ids of other parts that events speak of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.shop import metrics

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker


class World:
    """What events are made with: the shop's profiles, campaigns, flows and metrics."""

    __slots__ = ("campaigns", "flows", "maker", "metrics", "profiles")

    def __init__(
        self,
        maker: Maker,
        profiles: list[str],
        campaigns: list[tuple[str, str]],
        flows: list[tuple[str, str]],
    ) -> None:
        self.maker = maker
        self.profiles = profiles
        self.campaigns = campaigns  # id, name
        self.flows = flows  # flow id, flow message id
        self.metrics = [metrics.metric_id(maker, index) for index in range(metrics.COUNT)]
