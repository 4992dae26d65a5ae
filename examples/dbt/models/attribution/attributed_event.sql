{{ config(materialized='incremental', unique_key='id') }}

-- Events that are credited to a campaign or flow, read on from an hour before the newest that is here: what was loaded
-- late, or again, comes in too.
select
    id,
    datetime as occurred_at,
    profile_id,
    metric_id,
    metric_name,
    attributed_campaign_id as campaign_id,
    attributed_flow_id as flow_id,
    attributed_flow_message_id as flow_message_id,
    attributed_variation_id as variation_id,
    value,
    _sdc_batched_at as loaded_at
from {{ source('klaviyo', 'events') }}
where (attributed_campaign_id is not null or attributed_flow_id is not null)
    and _sdc_deleted_at is null
    {% if is_incremental() %}
    and _sdc_batched_at > (
        select
            coalesce(
                cast({{ dbt.dateadd('hour', -1, 'max(loaded_at)') }} as {{ dbt.type_timestamp() }}),
                cast('2000-01-01' as {{ dbt.type_timestamp() }})
            )
        from {{ this }}
    )
    {% endif %}
