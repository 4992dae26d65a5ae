{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='segments') }}
-- Written by `python -m tools.moving`: segments of ingestr.
select
    segments.id as id,
    'segment' as type,
    segments.created as created,
    segments.definition as definition,
    segments.is_active as is_active,
    segments.is_processing as is_processing,
    segments.is_starred as is_starred,
    segments.name as name,
    segments.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/segments/' || segments.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'segments') }} as segments
