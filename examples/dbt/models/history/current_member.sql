select
    list_id,
    profile_id,
    joined_group_at
from {{ source('klaviyo', 'list_profiles') }}
where _sdc_deleted_at is null
