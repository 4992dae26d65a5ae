{# A member of a JSON column as text, null where there is none: `json_text('location', 'city')`. #}
{% macro json_text(column) %}
    {{- return(adapter.dispatch('json_text', 'klaviyo_example')(column, varargs)) -}}
{% endmacro %}

{% macro default__json_text(column, path) -%}
    json_extract_string({{ column }}, '$."{{ path | join('"."') }}"')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
    ({{ column }} #>> '{"{{ path | join('","') }}"}')
{%- endmacro %}

{% macro snowflake__json_text(column, path) -%}
    cast(get_path({{ column }}, '"{{ path | join('"."') }}"') as varchar)
{%- endmacro %}

{% macro bigquery__json_text(column, path) -%}
    json_value({{ column }}, '$."{{ path | join('"."') }}"')
{%- endmacro %}


{# Text as a number, null where it is none. #}
{% macro number_of(text) %}
    {{- return(adapter.dispatch('number_of', 'klaviyo_example')(text)) -}}
{% endmacro %}

{% macro default__number_of(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{% macro postgres__number_of(text) -%}
    case when {{ text }} ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\s*$' then cast({{ text }} as double precision) end
{%- endmacro %}

{% macro snowflake__number_of(text) -%}
    try_to_double({{ text }})
{%- endmacro %}

{% macro bigquery__number_of(text) -%}
    safe_cast({{ text }} as float64)
{%- endmacro %}


{# A number as text without an exponent, null where it has more digits than a decimal of dbt's. #}
{% macro decimal_text(number) -%}
    case
        when abs({{ number }}) < 1e21
            then cast(cast({{ number }} as {{ dbt.type_numeric() }}) as {{ dbt.type_string() }})
    end
{%- endmacro %}
