{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='flow_actions') }}
-- Written by `python -m tools.moving`: flow_actions of hotglue tap-klaviyo-v2.
select
    flow_actions.id as id,
    'flow-action' as type,
    flow_actions.created as created,
    flow_actions.definition as definition,
    flow_actions.updated as updated,
    {{ json_object_of({
        'flow': linked('flow', {'id': 'flow_actions.flow_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flow-actions/' || flow_actions.id || '/'",
    }) }} as links,
    flow_actions.flow_id as flow_id
from {{ source('klaviyo', 'flow_actions') }} as flow_actions
