-- How many profiles gave their consent to marketing, by channel.
select
    channel,
    lower(replace(coalesce(json_extract_string(subscriptions, '$.' || channel || '.marketing.consent'), 'not said'), '_', ' '))
        as consent,
    count(*) as profiles
from profiles, unnest(['email', 'sms', 'mobile_push', 'whatsapp']) as channels(channel)
group by 1, 2
order by 1, 2
