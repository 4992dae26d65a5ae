{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='tags') }}
-- Written by `python -m tools.moving`: tags of Estuary source-klaviyo-native.
select
    tags.id as id,
    'tag' as type,
    {{ json_object_of({
        'name': 'tags.name',
    }) }} as attributes,
    {{ json_object_of({
        'tag-group': linked('tag-group', {'id': 'tags.tag_group_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/tags/' || tags.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'tags') }} as tags
