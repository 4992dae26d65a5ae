"""Who must not be written to, and since when."""

from tap_klaviyo.contract.timestamps import EPOCH
from tap_klaviyo.streams.resource import KlaviyoStream, Member


class _Suppressions(KlaviyoStream):
    path = "/api/profiles"
    replication_key = "timestamp"
    late = True
    id_column = "profile_id"
    attributes = ()
    earliest = EPOCH  # without a lower bound the endpoint lists every profile


class ProfileSuppressions(_Suppressions):
    """A reason why a profile gets no marketing e-mail at all, and since when. One request per 100 such profiles."""

    name = "profile_suppressions"
    primary_keys = ("profile_id", "reason")
    cursor = "subscriptions.email.marketing.suppression.timestamp"
    member = Member("subscriptions.email.marketing.suppression", ("reason",), "timestamp")


class ProfileListSuppressions(_Suppressions):
    """A reason why a profile gets no marketing e-mail from one list. One request per 100 such profiles."""

    name = "profile_list_suppressions"
    primary_keys = ("profile_id", "list_id", "reason")
    cursor = "subscriptions.email.marketing.list_suppressions.timestamp"
    member = Member("subscriptions.email.marketing.list_suppressions", ("list_id", "reason"), "timestamp")


STREAMS = (ProfileSuppressions, ProfileListSuppressions)
