{{ config(enabled='hotglue_v2' in var('moving'), schema='hotglue_v2', alias='reviews') }}
-- Written by `python -m tools.moving`: reviews of hotglue tap-klaviyo-v2.
select
    reviews.id as id,
    'review' as type,
    reviews.author as author,
    reviews.content as content,
    reviews.created as created,
    reviews.email as email,
    reviews.images as images,
    reviews.product as product,
    reviews.public_reply as public_reply,
    reviews.rating as rating,
    reviews.review_type as review_type,
    reviews.smart_quote as smart_quote,
    reviews.status as status,
    reviews.title as title,
    reviews.updated as updated,
    reviews.verified as verified,
    {{ json_object_of({}) }} as relationships,
    {{ json_object_of({
        'self': "'https://a.klaviyo.com/api/reviews/' || reviews.id || '/'",
    }) }} as links
from {{ source('klaviyo', 'reviews') }} as reviews
