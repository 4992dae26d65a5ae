{{ config(enabled='meltanolabs' in var('moving'), schema='meltanolabs', alias='listperson') }}
-- Written by `python -m tools.moving`: listperson of MeltanoLabs tap-klaviyo.
select
    'profile' as type,
    list_profiles.list_id as list_id,
    list_profiles.profile_id as id
from {{ source('klaviyo', 'list_profiles') }} as list_profiles
