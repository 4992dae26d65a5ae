{{ config(enabled='ingestr' in var('moving'), schema='ingestr', alias='coupons') }}
-- Written by `python -m tools.moving`: coupons of ingestr.
select
    coupons.id as id,
    'coupon' as type,
    {{ json_object_of({
        'assigner_configuration': 'coupons.assigner_configuration',
        'description': 'coupons.description',
        'external_id': 'coupons.external_id',
        'monitor_configuration': 'coupons.monitor_configuration',
    }) }} as attributes,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/coupons/' || coupons.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'coupons') }} as coupons
