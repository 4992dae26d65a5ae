{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='list_members') }}
-- Written by `python -m tools.moving`: list_members of hotglue tap-klaviyo.
select
    list_profiles.profile_id as id,
    list_profiles.list_id as list_id,
    profiles.email as email
from {{ source('klaviyo', 'list_profiles') }} as list_profiles
left join {{ source('klaviyo', 'profiles') }} as profiles on profiles.id = list_profiles.profile_id
