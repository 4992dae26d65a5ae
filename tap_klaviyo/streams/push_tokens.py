"""Push tokens."""

from tap_klaviyo.streams.resource import KlaviyoStream


class PushTokens(KlaviyoStream):
    """A device that push messages go to. One request per 100."""

    name = "push_tokens"
    path = "/api/push-tokens"


STREAMS = (PushTokens,)
