{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='events') }}
-- Written by `python -m tools.moving`: events of Estuary source-klaviyo-native.
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
        'metric': linked('metric', {'id': 'events.metric_id'}),
        'profile': linked('profile', {'id': 'events.profile_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/events/' || events.id || '/'",
    }) }} as links,
    events.flow_id as flow_id,
    events.campaign_id as campaign_id
from {{ source('klaviyo', 'events') }} as events
