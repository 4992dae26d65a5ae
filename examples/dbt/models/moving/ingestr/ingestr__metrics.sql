{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='metrics') }}
-- Written by `python -m tools.moving`: metrics of ingestr.
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
