"""Tags and their groups."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Tags(KlaviyoStream):
    """A tag. A request per 50, 60 a minute."""

    name = "tags"
    path = "/api/tags"


class TagGroups(KlaviyoStream):
    """A group of tags. A request per 25, 60 a minute."""

    name = "tag_groups"
    path = "/api/tag-groups"
    swept = True


STREAMS = (Tags, TagGroups)
