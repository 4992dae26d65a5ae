{# A JSON object of SQL expressions, by the names of its members. #}
{% macro json_object_of(members) %}
    {{- return(adapter.dispatch('json_object_of', 'klaviyo_example')(members)) -}}
{% endmacro %}

{% macro default__json_object_of(members) -%}
    json_object({% for name in members %}'{{ name }}', {{ members[name] }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro postgres__json_object_of(members) -%}
    json_build_object({% for name in members %}'{{ name }}', {{ members[name] }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro snowflake__json_object_of(members) -%}
    object_construct_keep_null({% for name in members %}'{{ name }}', {{ members[name] }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}


{# A JSON array that holds one SQL expression. #}
{% macro json_array_of(one) %}
    {{- return(adapter.dispatch('json_array_of', 'klaviyo_example')(one)) -}}
{% endmacro %}

{% macro default__json_array_of(one) -%}
    json_array({{ one }})
{%- endmacro %}

{% macro postgres__json_array_of(one) -%}
    json_build_array({{ one }})
{%- endmacro %}

{% macro snowflake__json_array_of(one) -%}
    array_construct({{ one }})
{%- endmacro %}


{# A date-time as Klaviyo writes it. #}
{% macro iso(column) %}
    {{- return(adapter.dispatch('iso', 'klaviyo_example')(column)) -}}
{% endmacro %}

{% macro default__iso(column) -%}
    strftime({{ column }}, '%Y-%m-%dT%H:%M:%S+00:00')
{%- endmacro %}

{% macro postgres__iso(column) -%}
    to_char({{ column }}, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
{%- endmacro %}

{% macro snowflake__iso(column) -%}
    to_char({{ column }}, 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
{%- endmacro %}

{% macro bigquery__iso(column) -%}
    format_timestamp('%Y-%m-%dT%H:%M:%S+00:00', cast({{ column }} as timestamp))
{%- endmacro %}


{# A relationship to one resource, as Klaviyo writes it. #}
{% macro linked(kind, members) -%}
    {{ json_object_of({'data': json_object_of(dict(members, type="'" ~ kind ~ "'"))}) }}
{%- endmacro %}
