-- Revenue by month of the account's time zone, and by what Klaviyo credits it to.
select
    strftime(date_trunc('month', timezone($zone, timezone('UTC', datetime))), '%Y-%m-%d') as month,
    case
        when attributed_campaign_id is not null then 'campaigns'
        when attributed_flow_id is not null then 'flows'
        else 'neither'
    end as credited,
    round(sum(value), 2) as revenue,
    count(*) as events
from events
where $metric in (metric_name, metric_id) and datetime <= $now
group by 1, 2
order by 1, 2
