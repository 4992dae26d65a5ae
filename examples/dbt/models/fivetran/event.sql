select
    id,
    metric_id,
    profile_id as person_id,
    metric_name as type,
    datetime as timestamp,
    datetime,
    uuid,
    -- Whom the event is credited to; where it is credited to nobody, the message that it speaks of itself.
    {{ credited('campaign') }} as campaign_id,
    {{ credited('flow') }} as flow_id,
    {{ credited('flow_message') }} as flow_message_id,
    variation_id as _variation,
    -- The package keeps the digits and the point of this text: an exponent would become digits.
    {{ decimal_text('value') }} as property_value,
    '{"$attributed_event_id": "' || attributed_event_id || '"}' as property_attribution,
    _sdc_deleted_at is not null as _fivetran_deleted,
    -- When it was loaded: the package reads on from an hour before the newest.
    _sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'events') }}
