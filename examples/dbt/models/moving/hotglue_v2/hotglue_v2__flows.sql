{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='flows') }}
-- Written by `python -m tools.moving`: flows of hotglue tap-klaviyo-v2.
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
