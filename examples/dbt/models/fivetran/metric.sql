select
    id,
    name,
    {{ json_text('integration', 'id') }} as integration_id,
    {{ json_text('integration', 'name') }} as integration_name,
    -- Klaviyo writes the category as a name or as an object with an id and a name.
    coalesce({{ json_text('integration', 'category', 'category') }}, {{ json_text('integration', 'category') }})
        as integration_category,
    created,
    updated,
    _sdc_deleted_at is not null as _fivetran_deleted,
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'metrics') }}
