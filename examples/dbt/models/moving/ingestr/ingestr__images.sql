{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='images') }}
-- Written by `python -m tools.moving`: images of ingestr.
select
    images.id as id,
    'image' as type,
    images.format as format,
    images.hidden as hidden,
    images.image_url as image_url,
    images.name as name,
    images.size as size,
    images.updated_at as updated_at,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/images/' || images.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'images') }} as images
