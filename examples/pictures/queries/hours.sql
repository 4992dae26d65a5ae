-- When e-mails are opened and clicked, by weekday and hour of the account's time zone.
with engaged as (
    select timezone($zone, timezone('UTC', datetime)) as moment
    from events
    where metric_name in ('Opened Email', 'Clicked Email') and datetime <= $now
)
select isodow(moment) as weekday, hour(moment) as hour, count(*) as events
from engaged
group by 1, 2
order by 1, 2
