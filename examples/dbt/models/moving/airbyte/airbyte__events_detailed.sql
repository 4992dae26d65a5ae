{{ config(enabled='airbyte' in var('moving'), schema='airbyte', alias='events_detailed') }}
-- Written by `python -m tools.moving`: events_detailed of Airbyte source-klaviyo.
select
    events.id as id,
    'event' as type,
    {{ json_object_of({
        'datetime': iso('events.datetime'),
        'event_properties': 'events.event_properties',
        'timestamp': 'events.timestamp',
        'uuid': 'events.uuid',
    }) }} as attributes,
    {{ json_object_of({
        'metric': linked('metric', {'id': 'events.metric_id', 'name': 'events.metric_name'}),
        'profile': linked('profile', {'id': 'events.profile_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/events/' || events.id || '/'",
    }) }} as links,
    events.datetime as datetime
from {{ source('klaviyo', 'events') }} as events
