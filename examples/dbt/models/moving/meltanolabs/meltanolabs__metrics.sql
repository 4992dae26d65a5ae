{{ config(enabled='meltanolabs' in var('moving'), schema='meltanolabs', alias='metrics') }}
-- Written by `python -m tools.moving`: metrics of MeltanoLabs tap-klaviyo.
select
    metrics.id as id,
    'metric' as type,
    {{ json_object_of({
        'created': iso('metrics.created'),
        'integration': 'metrics.integration',
        'name': 'metrics.name',
        'updated': iso('metrics.updated'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/metrics/' || metrics.id || '/'",
    }) }} as links,
    metrics.updated as updated
from {{ source('klaviyo', 'metrics') }} as metrics
