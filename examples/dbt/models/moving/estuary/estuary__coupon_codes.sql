{{ config(enabled='estuary' in var('moving'), schema='estuary', alias='coupon_codes') }}
-- Written by `python -m tools.moving`: coupon_codes of Estuary source-klaviyo-native.
select
    coupon_codes.id as id,
    'coupon-code' as type,
    {{ json_object_of({
        'expires_at': iso('coupon_codes.expires_at'),
        'status': 'coupon_codes.status',
        'unique_code': 'coupon_codes.unique_code',
    }) }} as attributes,
    {{ json_object_of({
        'coupon': linked('coupon', {'id': 'coupon_codes.coupon_id'}),
    }) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/coupon-codes/' || coupon_codes.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'coupon_codes') }} as coupon_codes
