"""Tags and their groups."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Tags(KlaviyoStream):
    """A tag. One request per 50, 60 per minute."""

    name = "tags"
    path = "/api/tags"


class TagGroups(KlaviyoStream):
    """A group of tags. One request per 25, 60 per minute."""

    name = "tag_groups"
    path = "/api/tag-groups"
    swept = True


STREAMS = (Tags, TagGroups)
