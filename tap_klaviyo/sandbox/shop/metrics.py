"""Metrics, their properties, custom metrics and mapped metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.making import before_anchor, spaced
from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.making import Maker

_SHOPIFY = {"object": "integration", "id": "0eMvjm", "name": "Shopify", "category": "eCommerce"}
_WOO = {
    "id": "1fNwkn",
    "name": "WooCommerce",
    "category": {"id": "2", "category": "eCommerce"},
}
_KLAVIYO = {"object": "integration", "id": "0rG4eQ", "name": "Klaviyo", "category": "Internal"}
_API = {"object": "application", "id": "7FtS4J", "name": "API", "category": "API"}

_BARE = {"object": "application", "id": "7FtS4K", "name": "API"}

# what the metrics that events are made for measure; two share a name, as they do in accounts with two stores
KINDS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("order", "Placed Order", _SHOPIFY),
    ("order", "Placed Order", _WOO),
    ("order", "Ordered Product", _SHOPIFY),
    ("order", "Refunded Order", _SHOPIFY),
    ("email", "Received Email", _KLAVIYO),
    ("email", "Opened Email", _KLAVIYO),
    ("email", "Clicked Email", _KLAVIYO),
    ("sms", "Received Text Message", _KLAVIYO),
    ("site", "Viewed Product", _SHOPIFY),
    ("site", "Active on Site", _API),
    ("list", "Subscribed to List", _KLAVIYO),
    ("odd", "Göttingen / Überraschung 🎁", None),
    ("odd", "imported.from-the old CRM", {}),
)
# over one page of metrics, which has no page size to ask for
COUNT = 205


def metric_id(maker: Maker, index: int) -> str:
    """Return the id of the ``index``-th metric."""
    return maker.short("metric", index)


def custom_metric_id(maker: Maker, index: int) -> str:
    """Return the id of the ``index``-th custom metric."""
    return maker.uuid("custom-metric", index)


def made(maker: Maker, flow_ids: list[str]) -> list[Resource]:
    """Return all resources of this part; some metrics trigger one of the flows."""
    return [*_metrics(maker, flow_ids), *_properties(maker), *_custom(maker), *_mapped(maker)]


def _metrics(maker: Maker, flow_ids: list[str]) -> list[Resource]:
    found = []
    for index in range(COUNT):
        # some names end in a blank
        name = f"Custom action {index}" if index % 50 != 17 else f"Custom action {index} "
        integration = _API if index % 4 else _BARE
        if index < len(KINDS):
            _, name, integration = KINDS[index]  # type: ignore[assignment]
        hidden = {}
        if index == COUNT - 1:
            name, hidden = "Closed Form", {"without_events": True}
        created, updated = before_anchor(720 - index), before_anchor(300 - index)
        if index % 3 == 0:
            created, updated = spaced(created), spaced(updated)
        attributes = {"name": name, "created": created, "updated": updated, "integration": integration}
        triggers = flow_ids[index : index + 1] if index % 2 == 0 else []
        found.append(Resource("metric", metric_id(maker, index), attributes, {"flow-triggers": list(triggers)}, hidden))
    return found


_PROPERTIES = (
    ("$value", "Value", "number", [12.5, 99, 0]),
    ("Items", "Items", "list", ["Ball", "Bat"]),
    ("Is First Order", "Is First Order", "boolean", [True, False]),
)


def _properties(maker: Maker) -> list[Resource]:
    found = []
    for metric in range(8):
        for index, (name, label, kind, samples) in enumerate(_PROPERTIES):
            attributes = {
                "property": name,
                "label": label,
                "inferred_type": kind,
                "sample_values": samples if metric % 4 != 3 else None,
            }
            links = {"metric": metric_id(maker, metric)}
            property_id = f"{metric_id(maker, metric)}:{maker.short('metric-property', metric * 10 + index)}"
            found.append(Resource("metric-property", property_id, attributes, dict(links)))
    return found


def _custom(maker: Maker) -> list[Resource]:
    found = []
    for index, name in enumerate(("Net revenue", "Orders, both stores", "Loyalty points ✨")):
        metrics = [metric_id(maker, index), metric_id(maker, index + 1)]
        filters = [{"property": "$currency_code", "filter": {"type": "string", "operator": "equals", "value": "EUR"}}]
        definition = {
            "aggregation_method": "value" if index == 0 else "count",
            "metric_groups": [
                {
                    "metric_id": metric,
                    "metric_filters": filters if index == 0 else None,
                    "value_property": "$value" if index == 0 else None,
                }
                for metric in metrics
            ],
        }
        attributes = {
            "name": name,
            "created": before_anchor(90 - index),
            "updated": before_anchor(30 - index),
            "definition": definition,
        }
        found.append(Resource("custom-metric", custom_metric_id(maker, index), attributes, {"metrics": list(metrics)}))
    return found


def _mapped(maker: Maker) -> list[Resource]:
    plain = ("ordered_product", "started_checkout", "viewed_product", "cancelled_sales", "refunded_sales")
    found = [
        Resource(
            "mapped-metric",
            name,
            {"updated": before_anchor(60 - index)},
            {"metric": metric_id(maker, index) if index != 1 else None, "custom-metric": None},
        )
        for index, name in enumerate(plain)
    ]
    links = {"metric": None, "custom-metric": custom_metric_id(maker, 0)}
    return [*found, Resource("mapped-metric", "revenue", {"updated": before_anchor(9)}, dict(links))]
