{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='images') }}
-- Written by `python -m tools.moving`: images of Estuary source-klaviyo-native.
select
    images.id as id,
    'image' as type,
    {{ json_object_of({
        'format': 'images.format',
        'hidden': 'images.hidden',
        'image_url': 'images.image_url',
        'name': 'images.name',
        'size': 'images.size',
        'updated_at': iso('images.updated_at'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/images/' || images.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'images') }} as images
