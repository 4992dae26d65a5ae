{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='lists') }}
-- Written by `python -m tools.moving`: lists of hotglue tap-klaviyo-v2.
select
    lists.id as id,
    'list' as type,
    lists.created as created,
    lists.name as name,
    lists.opt_in_process as opt_in_process,
    lists.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/lists/' || lists.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'lists') }} as lists
