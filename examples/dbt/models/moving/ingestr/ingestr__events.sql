{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='events') }}
-- Written by `python -m tools.moving`: events of ingestr.
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
