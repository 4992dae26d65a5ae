"""Lists, who is on them, and their tags."""

from tap_klaviyo.records.columns import JOINED
from tap_klaviyo.streams.resource import KlaviyoStream


class Lists(KlaviyoStream):
    """A list that profiles sign up to. One request per 10."""

    name = "lists"
    path = "/api/lists"
    replication_key = "updated"
    swept = True


class ListProfiles(KlaviyoStream):
    """A profile on a list since `joined_group_at`. One request per list, and one more per 100 members.

    Klaviyo does not say when a profile left: choose FULL_TABLE to see leavers go.
    """

    name = "list_profiles"
    path = "/api/lists/{id}/profiles"
    primary_keys = ("list_id", "profile_id")
    replication_key = "joined_group_at"
    parent = Lists
    parent_column = "list_id"
    id_column = "profile_id"
    attributes = ()
    extra_columns = (JOINED,)
    late = True
    swept = True


class ListTags(KlaviyoStream):
    """A tag on a list. Carried by the lists: one request per 10 of them."""

    name = "list_tags"
    path = "/api/lists"
    primary_keys = ("list_id", "tag_id")
    via = "tags"
    via_type = "tag"
    via_column = "list_id"
    linkage_only = True
    id_column = "tag_id"
    attributes = ()
    swept = True


STREAMS = (Lists, ListProfiles, ListTags)
