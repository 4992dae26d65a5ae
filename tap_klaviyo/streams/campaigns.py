"""Campaigns, their messages, tags and jobs."""

from tap_klaviyo.contract.filters import condition
from tap_klaviyo.streams.resource import FallbackTo, KlaviyoStream, Variant

# The endpoint refuses to list without a channel, and leaves archived campaigns out unless it is asked for them. Nobody
# documents that archiving moves `updated_at`: archived ones are read by sweeps, one request per 100.
_EVERY_CAMPAIGN = tuple(
    Variant(
        (condition("equals", "messages.channel", channel), condition("equals", "archived", archived)),
        {"channel": channel},
        swept=archived,
    )
    for channel in ("email", "sms", "mobile_push")
    for archived in (False, True)
)


class _Classic(KlaviyoStream):
    revision = "2026-07-15"  # the newest one has no request for campaigns of the model before it


class Campaigns(_Classic):
    """An e-mail, SMS or mobile push campaign, archived or not. One request per 100, six at least.

    Not declared sorted: archived e-mail campaigns come back slightly out of order.
    """

    name = "campaigns"
    path = "/api/campaigns"
    replication_key = "updated_at"
    variants = _EVERY_CAMPAIGN
    swept = True


class CampaignMessages(_Classic):
    """A message of a campaign, with its content. Carried by the campaigns: one request per 100 of them.

    The include may come without `definition`, and comes without the template's id, which `template_id` needs: each such
    campaign costs a request, 150 a minute.
    """

    name = "campaign_messages"
    path = "/api/campaigns"
    via = "campaign-messages"
    via_type = "campaign-message"
    via_column = "campaign_id"
    linked = ("template",)
    variants = _EVERY_CAMPAIGN
    fallback = FallbackTo("/api/campaigns/{id}/campaign-messages", "definition")
    swept = True


class CampaignTags(_Classic):
    """A tag on a campaign. Carried by the campaigns: one request per 100 of them."""

    name = "campaign_tags"
    path = "/api/campaigns"
    primary_keys = ("campaign_id", "tag_id")
    via = "tags"
    via_type = "tag"
    via_column = "campaign_id"
    linkage_only = True
    id_column = "tag_id"
    attributes = ()
    variants = tuple(Variant(variant.conditions, swept=variant.swept) for variant in _EVERY_CAMPAIGN)
    swept = True


class CampaignRecipientEstimations(_Classic):
    """The last estimate of a campaign's recipients, if there is one. One request per campaign, 150 per minute."""

    name = "campaign_recipient_estimations"
    path = "/api/campaign-recipient-estimations/{id}"
    parent = Campaigns
    parent_column = "campaign_id"
    selected_by_default = False
    swept = True


class CampaignRecipientEstimationJobs(_Classic):
    """The last job that estimated a campaign's recipients. One request per campaign, 150 per minute."""

    name = "campaign_recipient_estimation_jobs"
    path = "/api/campaign-recipient-estimation-jobs/{id}"
    parent = Campaigns
    parent_column = "campaign_id"
    selected_by_default = False
    swept = True


class CampaignSendJobs(_Classic):
    """The job that sent a campaign. One request per campaign, 150 per minute."""

    name = "campaign_send_jobs"
    path = "/api/campaign-send-jobs/{id}"
    parent = Campaigns
    parent_column = "campaign_id"
    selected_by_default = False
    swept = True


STREAMS = (
    Campaigns,
    CampaignMessages,
    CampaignTags,
    CampaignRecipientEstimations,
    CampaignRecipientEstimationJobs,
    CampaignSendJobs,
)
