{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='forms') }}
-- Written by `python -m tools.moving`: forms of ingestr.
select
    forms.id as id,
    'form' as type,
    forms.ab_test as ab_test,
    forms.created_at as created_at,
    forms.name as name,
    forms.status as status,
    forms.updated_at as updated_at,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/forms/' || forms.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'forms') }} as forms
