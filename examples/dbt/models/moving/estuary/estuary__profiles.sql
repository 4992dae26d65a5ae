{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='profiles') }}
-- Written by `python -m tools.moving`: profiles of Estuary source-klaviyo-native.
select
    profiles.id as id,
    'profile' as type,
    {{ json_object_of({
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
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/profiles/' || profiles.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'profiles') }} as profiles
