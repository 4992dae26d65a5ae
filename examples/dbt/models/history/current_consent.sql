-- What a profile has consented to, by channel; whether it can be sent to also depends on suppressions.
select
    id as profile_id,
    {{ json_text('subscriptions', 'email', 'marketing', 'consent') }} as email_consent,
    {{ json_text('subscriptions', 'email', 'marketing', 'can_receive_email_marketing') }} as can_receive_email,
    {{ json_text('subscriptions', 'sms', 'marketing', 'consent') }} as sms_consent,
    {{ json_text('subscriptions', 'sms', 'marketing', 'can_receive_sms_marketing') }} as can_receive_sms,
    {{ json_text('subscriptions', 'mobile_push', 'marketing', 'consent') }} as push_consent
from {{ source('klaviyo', 'profiles') }}
where _sdc_deleted_at is null
