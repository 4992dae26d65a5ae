{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='flow_messages') }}
-- Written by `python -m tools.moving`: flow_messages of hotglue tap-klaviyo-v2.
select
    flow_messages.id as id,
    'flow-message' as type,
    flow_messages.channel as channel,
    flow_messages.created as created,
    flow_messages.definition as definition,
    flow_messages.updated as updated,
    {{ json_object_of({
        'flow-action': linked('flow-action', {'id': 'flow_messages.flow_action_id'}),
        'template': linked('template', {'id': 'flow_messages.template_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flow-messages/' || flow_messages.id || '/'",
    }) }} as links,
    flow_messages.flow_id as flow_id,
    flow_messages.flow_action_id as flow_action_id,
    flow_messages.template_id as template_id
from {{ source('klaviyo', 'flow_messages') }} as flow_messages
