{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='list_members') }}
-- Written by `python -m tools.moving`: list_members of hotglue tap-klaviyo-v2.
select
    list_profiles.profile_id as id,
    'profile' as type,
    profiles.anonymous_id as anonymous_id,
    profiles.created as created,
    profiles.email as email,
    profiles.external_id as external_id,
    profiles.first_name as first_name,
    profiles.image as image,
    profiles.last_event_date as last_event_date,
    profiles.last_name as last_name,
    profiles.locale as locale,
    profiles.location as location,
    profiles.organization as organization,
    profiles.phone_number as phone_number,
    profiles.properties as properties,
    profiles.subscriptions as subscriptions,
    profiles.title as title,
    profiles.updated as updated,
    profiles.whatsapp_bsuid as whatsapp_bsuid,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/profiles/' || list_profiles.profile_id || '/'",
    }) }} as links,
    list_profiles.list_id as list_id,
    list_profiles.joined_group_at as joined_group_at
from {{ source('klaviyo', 'list_profiles') }} as list_profiles
left join {{ source('klaviyo', 'profiles') }} as profiles on profiles.id = list_profiles.profile_id
