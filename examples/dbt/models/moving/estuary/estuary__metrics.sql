{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='metrics') }}
-- Written by `python -m tools.moving`: metrics of Estuary source-klaviyo-native.
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
    }) }} as links
from {{ source('klaviyo', 'metrics') }} as metrics
