-- How the six largest lists grew: who is on them today, by the month in which they came. Lists of one name show their ids.
with joined as (
    select
        list_id as id,
        date_trunc('month', timezone($zone, timezone('UTC', joined_group_at))) as month,
        count(*) as came
    from list_profiles
    where joined_group_at <= $now
    group by 1, 2
),
largest as (
    select id from joined group by 1 order by sum(came) desc, 1 limit 6
),
months as (
    select unnest(generate_series(min(month), max(month), interval 1 month)) as month from joined
),
named as (
    select id, case when count(*) over (partition by name) > 1 then name || ' (' || id || ')' else name end as name
    from lists
)
select
    id,
    coalesce(name, id) as list,
    strftime(month, '%Y-%m-%d') as month,
    cast(sum(coalesce(came, 0)) over (partition by id order by month) as integer) as members
from largest cross join months left join joined using (id, month) left join named using (id)
order by id, month
