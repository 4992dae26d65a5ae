select
    id,
    name,
    status,
    trigger_type,
    archived,
    created,
    updated,
    _sdc_deleted_at is not null as _fivetran_deleted,
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'flows') }}
