-- A campaign with the message that it started with: a test of variations has several.
with messages as (
    select
        campaign_id,
        definition,
        template_id,
        row_number() over (partition by campaign_id order by created_at, id) as place
    from {{ source('klaviyo', 'campaign_messages') }}
)

select
    campaigns.id,
    campaigns.name,
    campaigns.channel as campaign_type,
    campaigns.status,
    campaigns.status as status_label,
    cast(null as {{ dbt.type_string() }}) as status_id,
    {{ json_text('messages.definition', 'content', 'subject') }} as subject,
    {{ json_text('messages.definition', 'content', 'from_email') }} as from_email,
    {{ json_text('messages.definition', 'content', 'from_label') }} as from_name,
    messages.template_id as email_template_id,
    campaigns.created_at as created,
    campaigns.updated_at as updated,
    campaigns.scheduled_at as scheduled,
    campaigns.send_time,
    case when campaigns.status = 'Sent' then campaigns.send_time end as sent_at,
    campaigns.archived,
    campaigns._sdc_deleted_at is not null as _fivetran_deleted,
    campaigns._sdc_batched_at as _fivetran_synced
from {{ source('klaviyo', 'campaigns') }} as campaigns
left join messages on messages.campaign_id = campaigns.id and messages.place = 1
