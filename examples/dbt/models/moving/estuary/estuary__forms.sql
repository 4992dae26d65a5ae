{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='forms') }}
-- Written by `python -m tools.moving`: forms of Estuary source-klaviyo-native.
select
    forms.id as id,
    'form' as type,
    {{ json_object_of({
        'ab_test': 'forms.ab_test',
        'created_at': iso('forms.created_at'),
        'name': 'forms.name',
        'status': 'forms.status',
        'updated_at': iso('forms.updated_at'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/forms/' || forms.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'forms') }} as forms
