{{ config(enabled='airbyte' in var('moving'), schema='airbyte', alias='lists_detailed') }}
-- Written by `python -m tools.moving`: lists_detailed of Airbyte source-klaviyo.
select
    lists.id as id,
    'list' as type,
    {{ json_object_of({
        'created': iso('lists.created'),
        'name': 'lists.name',
        'opt_in_process': 'lists.opt_in_process',
        'updated': iso('lists.updated'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/lists/' || lists.id || '/'",
    }) }} as links,
    lists.updated as updated
from {{ source('klaviyo', 'lists') }} as lists
