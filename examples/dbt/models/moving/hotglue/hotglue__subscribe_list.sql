{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='subscribe_list') }}
-- Written by `python -m tools.moving`: subscribe_list of hotglue tap-klaviyo.
select
    'event' as object,
    events.id as id,
    events.uuid as uuid,
    events.timestamp as timestamp,
    events.metric_id as statistic_id,
    events.metric_name as event_name,
    events.event_properties as event_properties,
    {{ iso('events.datetime') }} as datetime,
    case when profiles.id is not null then {{ json_object_of({
        'type': "'profile'",
        'id': 'profiles.id',
        'anonymous_id': 'profiles.anonymous_id',
        'created': iso('profiles.created'),
        'email': 'profiles.email',
        'external_id': 'profiles.external_id',
        'first_name': 'profiles.first_name',
        'image': 'profiles.image',
        'last_event_date': iso('profiles.last_event_date'),
        'last_name': 'profiles.last_name',
        'locale': 'profiles.locale',
        'location': 'profiles.location',
        'organization': 'profiles.organization',
        'phone_number': 'profiles.phone_number',
        'properties': 'profiles.properties',
        'subscriptions': 'profiles.subscriptions',
        'title': 'profiles.title',
        'updated': iso('profiles.updated'),
        'whatsapp_bsuid': 'profiles.whatsapp_bsuid',
    }) }} end as person
from {{ source('klaviyo', 'events') }} as events
left join {{ source('klaviyo', 'profiles') }} as profiles on profiles.id = events.profile_id
where events.metric_name = 'Subscribed to List'
