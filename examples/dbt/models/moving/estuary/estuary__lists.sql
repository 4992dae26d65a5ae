{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='lists') }}
-- Written by `python -m tools.moving`: lists of Estuary source-klaviyo-native.
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
    }) }} as links
from {{ source('klaviyo', 'lists') }} as lists
