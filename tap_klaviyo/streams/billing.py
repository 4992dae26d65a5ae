"""What the account has used of what it pays for."""

from tap_klaviyo.streams.resource import KlaviyoStream


class BillingUsage(KlaviyoStream):
    """How much of one kind of usage the current period has seen. One request."""

    name = "billing_usage"
    path = "/api/billing-usage"
    swept = True


STREAMS = (BillingUsage,)
