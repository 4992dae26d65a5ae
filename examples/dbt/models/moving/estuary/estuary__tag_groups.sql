{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='tag_groups') }}
-- Written by `python -m tools.moving`: tag_groups of Estuary source-klaviyo-native.
select
    tag_groups.id as id,
    'tag-group' as type,
    {{ json_object_of({
        'default': 'tag_groups.default',
        'exclusive': 'tag_groups.exclusive',
        'name': 'tag_groups.name',
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/tag-groups/' || tag_groups.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'tag_groups') }} as tag_groups
