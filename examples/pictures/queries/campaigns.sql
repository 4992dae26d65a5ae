-- What Klaviyo credits to each campaign: the eight with most revenue. Campaigns of one name show their ids, as do deleted ones.
with credited as (
    select attributed_campaign_id as id, round(sum(value), 2) as revenue, count(*) as events
    from events
    where $metric in (metric_name, metric_id) and datetime <= $now and attributed_campaign_id is not null
    group by 1
),
named as (
    select id, case when count(*) over (partition by name) > 1 then name || ' (' || id || ')' else name end as name
    from campaigns
)
select id, coalesce(name, id) as name, revenue, events
from credited left join named using (id)
order by revenue desc nulls last, id
limit 8
