{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='events') }}
-- Written by `python -m tools.moving`: events of hotglue tap-klaviyo.
select
    events.uuid as uuid,
    events.metric_id as metric_id,
    events.profile_id as profile_id,
    events.timestamp as timestamp,
    events.event_properties as event_properties,
    {{ iso('events.datetime') }} as datetime
from {{ source('klaviyo', 'events') }} as events
