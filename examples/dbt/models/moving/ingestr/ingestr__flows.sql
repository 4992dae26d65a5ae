{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='flows') }}
-- Written by `python -m tools.moving`: flows of ingestr.
select
    flows.id as id,
    'flow' as type,
    flows.archived as archived,
    flows.created as created,
    flows.name as name,
    flows.status as status,
    flows.trigger_type as trigger_type,
    flows.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flows/' || flows.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'flows') }} as flows
