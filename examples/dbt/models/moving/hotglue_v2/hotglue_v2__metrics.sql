{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='metrics') }}
-- Written by `python -m tools.moving`: metrics of hotglue tap-klaviyo-v2.
select
    metrics.id as id,
    'metric' as type,
    metrics.created as created,
    metrics.integration as integration,
    metrics.name as name,
    metrics.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/metrics/' || metrics.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'metrics') }} as metrics
