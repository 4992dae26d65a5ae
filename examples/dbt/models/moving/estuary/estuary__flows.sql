{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='flows') }}
-- Written by `python -m tools.moving`: flows of Estuary source-klaviyo-native.
select
    flows.id as id,
    'flow' as type,
    {{ json_object_of({
        'archived': 'flows.archived',
        'created': iso('flows.created'),
        'name': 'flows.name',
        'status': 'flows.status',
        'trigger_type': 'flows.trigger_type',
        'updated': iso('flows.updated'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/flows/' || flows.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'flows') }} as flows
