select
    id,
    name,
    opt_in_process
from {{ source('klaviyo', 'lists') }}
where _sdc_deleted_at is null
