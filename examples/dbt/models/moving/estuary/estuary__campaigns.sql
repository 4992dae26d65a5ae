{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='campaigns') }}
-- Written by `python -m tools.moving`: campaigns of Estuary source-klaviyo-native.
select
    campaigns.id as id,
    'campaign' as type,
    {{ json_object_of({
        'archived': 'campaigns.archived',
        'audiences': 'campaigns.audiences',
        'created_at': iso('campaigns.created_at'),
        'name': 'campaigns.name',
        'scheduled_at': iso('campaigns.scheduled_at'),
        'send_options': 'campaigns.send_options',
        'send_strategy': 'campaigns.send_strategy',
        'send_time': iso('campaigns.send_time'),
        'status': 'campaigns.status',
        'tracking_options': 'campaigns.tracking_options',
        'updated_at': iso('campaigns.updated_at'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/campaigns/' || campaigns.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'campaigns') }} as campaigns
