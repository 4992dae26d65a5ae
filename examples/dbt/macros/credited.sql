{# The id of the campaign, flow or message that an event is credited to: Klaviyo's attribution before its own message. #}
{% macro credited(kind) -%}
    case
        when attributed_campaign_id is null and attributed_flow_id is null then {{ kind }}_id
        else attributed_{{ kind }}_id
    end
{%- endmacro %}
