"""Translations."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Translations(KlaviyoStream):
    """The languages that a message or template is translated into. One request per 100.

    The translated `values` are an additional field: one request per record.
    """

    name = "translations"
    path = "/api/translations"
    swept = True


STREAMS = (Translations,)
