{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='campaign_messages') }}
-- Written by `python -m tools.moving`: campaign_messages of hotglue tap-klaviyo-v2.
select
    campaign_messages.id as id,
    'campaign-message' as type,
    campaign_messages.created_at as created_at,
    campaign_messages.definition as definition,
    campaign_messages.send_times as send_times,
    campaign_messages.updated_at as updated_at,
    {{ json_object_of({
        'campaign': linked('campaign', {'id': 'campaign_messages.campaign_id'}),
        'template': linked('template', {'id': 'campaign_messages.template_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/campaign-messages/' || campaign_messages.id || '/'",
    }) }} as links,
    campaign_messages.campaign_id as campaign_id,
    campaign_messages.template_id as template_id
from {{ source('klaviyo', 'campaign_messages') }} as campaign_messages
