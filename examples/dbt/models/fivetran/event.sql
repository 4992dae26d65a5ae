select
    id,
    metric_id,
    profile_id as person_id,
    metric_name as type,
    datetime as timestamp,
    datetime,
    uuid,
    campaign_id,
    flow_id,
    flow_message_id,
    variation_id as _variation,
    cast(value as varchar) as property_value,
    event_properties ->> '$."$attribution"' as property_attribution,
    _sdc_deleted_at is not null as _fivetran_deleted,
    -- When it was loaded: the package reads on from an hour before the newest.
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'events') }}
