select
    campaigns.id as campaign_id,
    campaigns.name,
    attributed_event.metric_id,
    attributed_event.metric_name,
    count(*) as events,
    sum(attributed_event.value) as value
from {{ ref('attributed_event') }} as attributed_event
inner join {{ source('klaviyo', 'campaigns') }} as campaigns on campaigns.id = attributed_event.campaign_id
group by 1, 2, 3, 4
