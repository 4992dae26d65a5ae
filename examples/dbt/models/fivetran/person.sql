select
    id,
    email,
    first_name,
    last_name,
    phone_number,
    title,
    organization,
    location ->> 'address1' as address_1,
    location ->> 'address2' as address_2,
    location ->> 'city' as city,
    location ->> 'region' as region,
    location ->> 'zip' as zip,
    location ->> 'country' as country,
    -- Klaviyo writes coordinates as numbers or as text.
    try_cast(location ->> 'latitude' as double) as latitude,
    try_cast(location ->> 'longitude' as double) as longitude,
    location ->> 'timezone' as timezone,
    created,
    updated,
    last_event_date,
    _sdc_deleted_at is not null as _fivetran_deleted,
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'profiles') }}
