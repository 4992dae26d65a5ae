{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='segments') }}
-- Written by `python -m tools.moving`: segments of Estuary source-klaviyo-native.
select
    segments.id as id,
    'segment' as type,
    {{ json_object_of({
        'created': iso('segments.created'),
        'definition': 'segments.definition',
        'is_active': 'segments.is_active',
        'is_processing': 'segments.is_processing',
        'is_starred': 'segments.is_starred',
        'name': 'segments.name',
        'updated': iso('segments.updated'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/segments/' || segments.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'segments') }} as segments
