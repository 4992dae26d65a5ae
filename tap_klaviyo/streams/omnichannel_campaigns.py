"""Campaigns of the model of revision 2026-10-15: a campaign has audiences, audiences messages, messages variations."""

from tap_klaviyo.contract.filters import condition
from tap_klaviyo.streams.resource import KlaviyoStream, Variant

# Whether archived campaigns come without a filter is not documented; nor that archiving moves `updated_at`.
_EVERY_CAMPAIGN = tuple(
    Variant((condition("equals", "archived", archived),), swept=archived) for archived in (False, True)
)


class OmnichannelCampaigns(KlaviyoStream):
    """A campaign of the newest model, of any channel, archived or not. One request per 100, two at least."""

    name = "omnichannel_campaigns"
    path = "/api/campaigns"
    replication_key = "updated_at"
    attributes = ("created_at", "updated_at")
    unfolded = (
        "definition.name",
        "definition.builder",
        "definition.archived",
        "definition.color",
        "definition.description",
        "definition.send_settings",
    )
    variants = _EVERY_CAMPAIGN
    swept = True


class OmnichannelCampaignMessages(KlaviyoStream):
    """A message of a campaign: when it is sent and how; what it says is in its variations. One request per 100."""

    name = "omnichannel_campaign_messages"
    path = "/api/campaign-messages"
    replication_key = "updated"
    attributes = ("created", "updated")
    unfolded = (
        "definition.name",
        "definition.status",
        "definition.send_options",
        "definition.send_options.send_time",
        "definition.tracking_options",
        "definition.ab_test",
    )
    swept = True
    unsettled = tuple(condition("equals", "status", status) for status in ("draft", "scheduled", "sending"))


class CampaignAudiences(KlaviyoStream):
    """Who gets messages of a campaign: lists and segments. Carried by the campaigns: one request per 100 of them."""

    name = "campaign_audiences"
    path = "/api/campaigns"
    via = "campaign-audiences"
    via_type = "campaign-audience"
    via_column = "campaign_id"
    attributes = ("created", "updated")
    unfolded = ("definition.name", "definition.included", "definition.excluded", "definition.priority")
    variants = _EVERY_CAMPAIGN
    swept = True


class CampaignVariations(KlaviyoStream):
    """What a message says in a channel, or one of several tries of it. One request per message, 150 per minute.

    Drafts may have no `details`, and so no channel.
    """

    name = "campaign_variations"
    path = "/api/campaign-messages/{id}/campaign-variations"
    parent = OmnichannelCampaignMessages
    parent_column = "campaign_message_id"
    attributes = ("created", "updated")
    unfolded = (
        "definition.name",
        "definition.details",
        "definition.details.channel",
        "definition.details.template_id",
        "definition.details.subject",
        "definition.details.preview_text",
        "definition.details.from_email",
        "definition.details.from_label",
        "definition.details.reply_to_email",
        "definition.details.title",
        "definition.details.body",
    )
    selected_by_default = False
    swept = True


class CampaignMessageTags(KlaviyoStream):
    """A tag on a message of a campaign. One request per message, 60 per minute."""

    name = "campaign_message_tags"
    path = "/api/campaign-messages/{id}/relationships/tags"
    primary_keys = ("campaign_message_id", "tag_id")
    parent = OmnichannelCampaignMessages
    parent_column = "campaign_message_id"
    id_column = "tag_id"
    attributes = ()
    selected_by_default = False
    swept = True


STREAMS = (
    OmnichannelCampaigns,
    OmnichannelCampaignMessages,
    CampaignAudiences,
    CampaignVariations,
    CampaignMessageTags,
)
