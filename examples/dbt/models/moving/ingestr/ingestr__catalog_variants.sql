{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='catalog_variants') }}
-- Written by `python -m tools.moving`: catalog_variants of ingestr.
select
    catalog_variants.id as id,
    'catalog-variant' as type,
    catalog_variants.created as created,
    catalog_variants.custom_metadata as custom_metadata,
    catalog_variants.description as description,
    catalog_variants.external_id as external_id,
    catalog_variants.image_full_url as image_full_url,
    catalog_variants.image_thumbnail_url as image_thumbnail_url,
    catalog_variants.images as images,
    catalog_variants.inventory_policy as inventory_policy,
    catalog_variants.inventory_quantity as inventory_quantity,
    catalog_variants.price as price,
    catalog_variants.published as published,
    catalog_variants.sku as sku,
    catalog_variants.title as title,
    catalog_variants.updated as updated,
    catalog_variants.url as url,
    {{ json_object_of({
        'item': linked('item', {'id': 'catalog_variants.item_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/catalog-variants/' || catalog_variants.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'catalog_variants') }} as catalog_variants
