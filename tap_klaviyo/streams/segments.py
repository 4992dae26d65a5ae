"""Segments, who is in them, and their tags."""

from tap_klaviyo.records.columns import JOINED
from tap_klaviyo.streams.resource import KlaviyoStream


class Segments(KlaviyoStream):
    """A segment: profiles that meet a definition. One request per 10."""

    name = "segments"
    path = "/api/segments"
    replication_key = "updated"
    swept = True


class SegmentProfiles(KlaviyoStream):
    """A profile in a segment since `joined_group_at`. One request per segment, and one more per 100 members.

    Klaviyo does not say when a profile left: choose FULL_TABLE to see leavers go.
    """

    name = "segment_profiles"
    path = "/api/segments/{id}/profiles"
    primary_keys = ("segment_id", "profile_id")
    replication_key = "joined_group_at"
    parent = Segments
    parent_column = "segment_id"
    id_column = "profile_id"
    attributes = ()
    extra_columns = (JOINED,)
    selected_by_default = False
    late = True
    swept = True


class SegmentTags(KlaviyoStream):
    """A tag on a segment. Carried by the segments: one request per 10 of them."""

    name = "segment_tags"
    path = "/api/segments"
    primary_keys = ("segment_id", "tag_id")
    via = "tags"
    via_type = "tag"
    via_column = "segment_id"
    linkage_only = True
    id_column = "tag_id"
    attributes = ()
    swept = True


STREAMS = (Segments, SegmentProfiles, SegmentTags)
