{{ config(enabled='hotglue' in var('moving'), schema='hotglue', alias='lists') }}
-- Written by `python -m tools.moving`: lists of hotglue tap-klaviyo.
select
    'list' as object,
    'list' as list_type,
    lists.id as id,
    lists.name as name,
    {{ iso('lists.created') }} as created,
    {{ iso('lists.updated') }} as updated
from {{ source('klaviyo', 'lists') }} as lists
