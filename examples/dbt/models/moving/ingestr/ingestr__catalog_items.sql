{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='catalog_items') }}
-- Written by `python -m tools.moving`: catalog_items of ingestr.
select
    catalog_items.id as id,
    'catalog-item' as type,
    catalog_items.created as created,
    catalog_items.custom_metadata as custom_metadata,
    catalog_items.description as description,
    catalog_items.external_id as external_id,
    catalog_items.image_full_url as image_full_url,
    catalog_items.image_thumbnail_url as image_thumbnail_url,
    catalog_items.images as images,
    catalog_items.price as price,
    catalog_items.published as published,
    catalog_items.title as title,
    catalog_items.updated as updated,
    catalog_items.url as url,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/catalog-items/' || catalog_items.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'catalog_items') }} as catalog_items
