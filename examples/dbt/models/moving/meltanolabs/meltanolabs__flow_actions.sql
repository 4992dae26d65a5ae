{{ config(enabled='meltanolabs' in var('moving'), schema='meltanolabs', alias='flow_actions') }}
-- Written by `python -m tools.moving`: flow_actions of MeltanoLabs tap-klaviyo.
select
    flow_actions.id as id,
    'flow-action' as type,
    {{ json_object_of({
        'created': iso('flow_actions.created'),
        'definition': 'flow_actions.definition',
        'updated': iso('flow_actions.updated'),
    }) }} as attributes,
    {{ json_object_of({
        'flow': linked('flow', {'id': 'flow_actions.flow_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flow-actions/' || flow_actions.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'flow_actions') }} as flow_actions
