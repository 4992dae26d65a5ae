{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='global_exclusions') }}
-- Written by `python -m tools.moving`: global_exclusions of hotglue tap-klaviyo.
select
    'exclusion' as object,
    profiles.email as email,
    profile_suppressions.reason as reason,
    {{ iso('profile_suppressions.timestamp') }} as timestamp
from {{ source('klaviyo', 'profile_suppressions') }} as profile_suppressions
left join {{ source('klaviyo', 'profiles') }} as profiles on profiles.id = profile_suppressions.profile_id
