{{ config(enabled='meltanolabs' in var('moving'), schema='meltanolabs', alias='campaign_messages') }}
-- Written by `python -m tools.moving`: campaign_messages of MeltanoLabs tap-klaviyo.
select
    campaign_messages.id as id,
    'campaign-message' as type,
    {{ json_object_of({
        'created_at': iso('campaign_messages.created_at'),
        'definition': 'campaign_messages.definition',
        'send_times': 'campaign_messages.send_times',
        'updated_at': iso('campaign_messages.updated_at'),
    }) }} as attributes,
    {{ json_object_of({
        'campaign': linked('campaign', {'id': 'campaign_messages.campaign_id'}),
        'template': linked('template', {'id': 'campaign_messages.template_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/campaign-messages/' || campaign_messages.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'campaign_messages') }} as campaign_messages
