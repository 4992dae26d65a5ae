{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='catalog_categories') }}
-- Written by `python -m tools.moving`: catalog_categories of ingestr.
select
    catalog_categories.id as id,
    'catalog-category' as type,
    catalog_categories.external_id as external_id,
    catalog_categories.name as name,
    catalog_categories.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/catalog-categories/' || catalog_categories.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'catalog_categories') }} as catalog_categories
