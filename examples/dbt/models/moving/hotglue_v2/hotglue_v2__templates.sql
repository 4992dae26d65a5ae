{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='templates') }}
-- Written by `python -m tools.moving`: templates of hotglue tap-klaviyo-v2.
select
    templates.id as id,
    'template' as type,
    templates.amp as amp,
    templates.created as created,
    templates.editor_type as editor_type,
    templates.html as html,
    templates.name as name,
    templates.text as text,
    templates.updated as updated,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/templates/' || templates.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'templates') }} as templates
