{{ config(enabled='airbyte' in var('moving'), schema='airbyte', alias='email_templates') }}
-- Written by `python -m tools.moving`: email_templates of Airbyte source-klaviyo.
select
    templates.id as id,
    'template' as type,
    {{ json_object_of({
        'amp': 'templates.amp',
        'created': iso('templates.created'),
        'editor_type': 'templates.editor_type',
        'html': 'templates.html',
        'name': 'templates.name',
        'text': 'templates.text',
        'updated': iso('templates.updated'),
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/templates/' || templates.id || '/'",
    }) }} as links,
    templates.updated as updated
from {{ source('klaviyo', 'templates') }} as templates
