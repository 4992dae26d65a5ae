{% test unique_together(model, columns) %}
{# Rows whose key, made of several columns, is null in part or there more than once. #}

select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns %} or {{ column }} is null {% endfor %}

{% endtest %}
