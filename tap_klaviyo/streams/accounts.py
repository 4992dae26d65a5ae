"""The account that the key belongs to."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Accounts(KlaviyoStream):
    """The account itself: one record, with time zone and currency. One request."""

    name = "accounts"
    path = "/api/accounts"
    swept = True


STREAMS = (Accounts,)
