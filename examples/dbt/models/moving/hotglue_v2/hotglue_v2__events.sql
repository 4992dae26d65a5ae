{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='events') }}
-- Written by `python -m tools.moving`: events of hotglue tap-klaviyo-v2.
select
    events.id as id,
    'event' as type,
    events.datetime as datetime,
    events.event_properties as event_properties,
    events.timestamp as timestamp,
    events.uuid as uuid,
    {{ json_object_of({
        'metric': linked('metric', {'id': 'events.metric_id'}),
        'profile': linked('profile', {'id': 'events.profile_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/events/' || events.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'events') }} as events
