"""The account itself and its settings: tracking, web feeds, webhooks and their topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_klaviyo.sandbox.shop.making import Maker

FEEDS, WEBHOOKS = 23, 5
_TOPICS = (
    *("clicked_email", "clicked_sms", "opened_email", "received_sms", "sent_sms", "subscribed_to_list"),
    *("subscribed_to_sms", "unsubscribed_from_email", "unsubscribed_from_sms"),
)
_FEED_STATUSES = ("ok", "refreshing", "disabled", "critical_nightly_refresh_timeout", None)


def account_id(maker: Maker) -> str:
    """Return the account's id."""
    return f"AbC{122 + maker.seed}"


def made(maker: Maker, metrics: Iterable[Resource]) -> list[Resource]:
    """Return all resources of this part; the topics of webhooks speak of the account's metrics."""
    own_id = account_id(maker)
    topics = [Resource("webhook-topic", topic) for topic in _topics(metrics)]
    feeds = [Resource("web-feed", maker.ulid("web-feed", index), _feed(index)) for index in range(FEEDS)]
    tracking = [
        Resource("tracking-setting", own_id, _tracking()),
        Resource("tracking-setting", "XyZ789", _tracking()),
    ]
    webhooks = [
        Resource(
            "webhook",
            maker.ulid("webhook", index),
            {
                "name": f"Webhook {index}",
                "description": "" if index % 2 else None,
                "endpoint_url": f"https://hooks.example.com/{index}",
                "enabled": index % 2 == 0,
                "created_at": before_anchor(90 - index),
                "updated_at": before_anchor(40 - index) if index % 3 else None,
            },
            {"webhook-topics": [topic.id for topic in topics[index : index + 3]]},
        )
        for index in range(WEBHOOKS)
    ]
    return [Resource("account", own_id, _account(own_id)), *topics, *feeds, *tracking, *webhooks]


def _topics(metrics: Iterable[Resource]) -> list[str]:
    """Return Klaviyo's own topics, and one of each metric of an integration; two metrics of one name share theirs."""
    found = dict.fromkeys(f"event:klaviyo.{name}" for name in _TOPICS)
    for metric in metrics:
        source = (metric.attributes["integration"] or {}).get("name", "")
        if source not in {"", "Klaviyo"}:
            name = "_".join(metric.attributes["name"].lower().split())
            found[f"event:{source.lower()}.{name}"] = None
    return list(found)


def _account(public_key: str) -> dict[str, Any]:
    address = {
        "address1": "1 High Street",
        "address2": "",
        "city": "Boston",
        "region": "MA",
        "country": "United States",
        "zip": "02110",
    }
    return {
        "test_account": True,
        "contact_information": {
            "default_sender_name": "The shop",
            "default_sender_email": "shop@example.com",
            "website_url": "https://shop.example.com",
            "organization_name": "Made-up shop",
            "street_address": address,
        },
        "industry": None,
        "timezone": "US/Eastern",
        "preferred_currency": "USD",
        "public_api_key": public_key,
        "locale": "en-US",
    }


def _feed(index: int) -> dict[str, Any]:
    return {
        "name": f"feed_{index}",
        "url": f"https://feeds.example.com/{index}",
        "request_method": "get" if index % 3 else "post",
        "content_type": "json" if index % 2 else "xml",
        "created": before_anchor(200 - index),
        "updated": before_anchor(45 - index // 3),
        "status": _FEED_STATUSES[index % len(_FEED_STATUSES)],
    }


def _tracking() -> dict[str, Any]:
    def both(campaign: str, flow: str) -> dict[str, Any]:
        return {"campaign": {"type": "static", "value": campaign}, "flow": {"type": "static", "value": flow}}

    dynamic = {
        "campaign": {"type": "dynamic", "value": "campaign_name"},
        "flow": {"type": "dynamic", "value": "flow_name"},
    }
    return {
        "auto_add_parameters": True,
        "utm_source": both("klaviyo", "klaviyo"),
        "utm_medium": both("campaign", "flow"),
        "utm_campaign": dynamic,
        "utm_id": None,
        "utm_term": None,
        "custom_parameters": [{"name": "ref", "campaign": {"type": "static", "value": "mail"}, "flow": None}],
    }
