select
    flows.id as flow_id,
    flows.name,
    attributed_event.metric_id,
    attributed_event.metric_name,
    count(*) as events,
    sum(attributed_event.value) as value
from {{ ref('attributed_event') }} as attributed_event
inner join {{ source('klaviyo', 'flows') }} as flows on flows.id = attributed_event.flow_id
group by 1, 2, 3, 4
