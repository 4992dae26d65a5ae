"""Metrics: what kinds of events there are."""

from tap_klaviyo.streams.resource import KlaviyoStream


class Metrics(KlaviyoStream):
    """A kind of event. Names are not unique: several integrations may bring the same. One request per 200."""

    name = "metrics"
    path = "/api/metrics"


class CustomMetrics(KlaviyoStream):
    """A metric that the account defined over other metrics. One request."""

    name = "custom_metrics"
    path = "/api/custom-metrics"
    swept = True


class MappedMetrics(KlaviyoStream):
    """Which metric stands for a role such as revenue; the role is the id. One request."""

    name = "mapped_metrics"
    path = "/api/mapped-metrics"
    swept = True


class MetricProperties(KlaviyoStream):
    """A property that events of a metric carry. One request per metric, 15 per minute."""

    name = "metric_properties"
    path = "/api/metrics/{id}/metric-properties"
    parent = Metrics
    parent_column = "metric_id"
    selected_by_default = False
    swept = True


STREAMS = (Metrics, CustomMetrics, MappedMetrics, MetricProperties)
