"""Webhooks and their topics."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Webhooks(KlaviyoStream):
    """A webhook. One request; accounts without Advanced KDP may not read them."""

    name = "webhooks"
    path = "/api/webhooks"
    swept = True


class WebhookTopics(KlaviyoStream):
    """A topic that a webhook may listen to; ids are the same in every account. One request."""

    name = "webhook_topics"
    path = "/api/webhook-topics"
    swept = True


STREAMS = (Webhooks, WebhookTopics)
