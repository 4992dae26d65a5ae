{{ config(enabled='meltanolabs' in var('moving'), schema='meltanolabs', alias='flow_messages') }}
-- Written by `python -m tools.moving`: flow_messages of MeltanoLabs tap-klaviyo.
select
    flow_messages.id as id,
    'flow-message' as type,
    {{ json_object_of({
        'channel': 'flow_messages.channel',
        'created': iso('flow_messages.created'),
        'definition': 'flow_messages.definition',
        'updated': iso('flow_messages.updated'),
    }) }} as attributes,
    {{ json_object_of({
        'flow-action': linked('flow-action', {'id': 'flow_messages.flow_action_id'}),
        'template': linked('template', {'id': 'flow_messages.template_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flow-messages/' || flow_messages.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'flow_messages') }} as flow_messages
