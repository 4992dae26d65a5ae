{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='profiles') }}
-- Written by `python -m tools.moving`: profiles of hotglue tap-klaviyo.
select
    profiles.id as id,
    'profile' as type,
    profiles.anonymous_id as anonymous_id,
    {{ iso('profiles.created') }} as created,
    profiles.email as email,
    profiles.external_id as external_id,
    profiles.first_name as first_name,
    profiles.image as image,
    {{ iso('profiles.last_event_date') }} as last_event_date,
    profiles.last_name as last_name,
    profiles.locale as locale,
    profiles.location as location,
    profiles.organization as organization,
    profiles.phone_number as phone_number,
    profiles.properties as properties,
    profiles.subscriptions as subscriptions,
    profiles.title as title,
    {{ iso('profiles.updated') }} as updated,
    profiles.whatsapp_bsuid as whatsapp_bsuid,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/profiles/' || profiles.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'profiles') }} as profiles
