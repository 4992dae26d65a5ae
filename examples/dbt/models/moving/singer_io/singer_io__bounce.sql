{{ config(enabled='singer_io' in var('moving'), schema='singer_io', alias='bounce') }}
-- Written by `python -m tools.moving`: bounce of singer-io tap-klaviyo.
select
    events.id as id,
    'event' as type,
    {{ iso('events.datetime') }} as datetime,
    events.event_properties as event_properties,
    events.timestamp as timestamp,
    events.uuid as uuid,
    case when profiles.id is not null then {{ json_array_of(json_object_of({
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
    })) }} end as profile,
    case when metrics.id is not null then {{ json_array_of(json_object_of({
        'type': "'metric'",
        'id': 'metrics.id',
        'created': iso('metrics.created'),
        'integration': 'metrics.integration',
        'name': 'metrics.name',
        'updated': iso('metrics.updated'),
    })) }} end as metric
from {{ source('klaviyo', 'events') }} as events
left join {{ source('klaviyo', 'profiles') }} as profiles on profiles.id = events.profile_id
left join {{ source('klaviyo', 'metrics') }} as metrics on metrics.id = events.metric_id
where events.metric_name = 'Bounced Email'
