"""How links are tagged for web analytics."""

from tap_klaviyo.streams.resource import KlaviyoStream


class TrackingSettings(KlaviyoStream):
    """The UTM parameters of the account. One request per record: the endpoint pages one by one."""

    name = "tracking_settings"
    path = "/api/tracking-settings"
    swept = True


STREAMS = (TrackingSettings,)
