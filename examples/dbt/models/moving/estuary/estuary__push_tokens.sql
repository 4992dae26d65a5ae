{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='push_tokens') }}
-- Written by `python -m tools.moving`: push_tokens of Estuary source-klaviyo-native.
select
    push_tokens.id as id,
    'push-token' as type,
    {{ json_object_of({
        'background': 'push_tokens.background',
        'created': iso('push_tokens.created'),
        'enablement_status': 'push_tokens.enablement_status',
        'metadata': 'push_tokens.metadata',
        'platform': 'push_tokens.platform',
        'recorded_date': 'push_tokens.recorded_date',
        'token': 'push_tokens.token',
        'vendor': 'push_tokens.vendor',
    }) }} as attributes,
    {{ json_object_of({
        'profile': linked('profile', {'id': 'push_tokens.profile_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/push-tokens/' || push_tokens.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'push_tokens') }} as push_tokens
