select
    id,
    email,
    first_name,
    last_name,
    phone_number,
    title,
    organization,
    {{ json_text('location', 'address1') }} as address_1,
    {{ json_text('location', 'address2') }} as address_2,
    {{ json_text('location', 'city') }} as city,
    {{ json_text('location', 'region') }} as region,
    {{ json_text('location', 'zip') }} as zip,
    {{ json_text('location', 'country') }} as country,
    -- Klaviyo writes coordinates as numbers or as text.
    {{ number_of(json_text('location', 'latitude')) }} as latitude,
    {{ number_of(json_text('location', 'longitude')) }} as longitude,
    {{ json_text('location', 'timezone') }} as timezone,
    created,
    updated,
    last_event_date,
    _sdc_deleted_at is not null as _fivetran_deleted,
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'profiles') }}
