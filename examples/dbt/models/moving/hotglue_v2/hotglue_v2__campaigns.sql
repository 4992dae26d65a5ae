{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='campaigns') }}
-- Written by `python -m tools.moving`: campaigns of hotglue tap-klaviyo-v2.
select
    campaigns.id as id,
    'campaign' as type,
    campaigns.archived as archived,
    campaigns.audiences as audiences,
    campaigns.created_at as created_at,
    campaigns.name as name,
    campaigns.scheduled_at as scheduled_at,
    campaigns.send_options as send_options,
    campaigns.send_strategy as send_strategy,
    campaigns.send_time as send_time,
    campaigns.status as status,
    campaigns.tracking_options as tracking_options,
    campaigns.updated_at as updated_at,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/campaigns/' || campaigns.id || '/'",
    }) }} as links,
    campaigns.channel as channel
from {{ source('klaviyo', 'campaigns') }} as campaigns
