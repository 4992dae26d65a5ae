"""The tap that one writes first: singer-sdk's RESTStream as its template has it, with the same columns of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseHATEOASPaginator

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests
    from singer_sdk.streams.rest import HTTPRequest, PageContext


class NextLink(BaseHATEOASPaginator):
    """Follows `links.next`."""

    def get_next_url(self, response: requests.Response) -> str | None:
        """Return the next link."""
        link: str | None = response.json()["links"].get("next")
        return link


class Events(RESTStream[Any]):
    """Events, flat."""

    name = "events"
    path = "/api/events"
    primary_keys = ("id",)
    replication_key = "datetime"
    is_sorted = True
    records_jsonpath = "$.data[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("datetime", th.DateTimeType),
        th.Property("event_properties", th.ObjectType()),
        th.Property("timestamp", th.IntegerType),
        th.Property("uuid", th.StringType),
        *(
            th.Property(name, th.StringType)
            for name in (
                "metric_id",
                "profile_id",
                "metric_name",
                "campaign_id",
                "flow_id",
                "flow_message_id",
                "variation_id",
            )
        ),
        th.Property("value", th.NumberType),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The API's host."""
        return str(self.config["api_url"])

    def get_new_paginator(self) -> NextLink:
        """Page by next links."""
        return NextLink()

    def get_http_request(self, *, page: PageContext[Any]) -> HTTPRequest:
        """Ask for pages of the size that such taps use, or follow the link."""
        request = super().get_http_request(page=page)
        if page.next_page_token:
            request.params = dict(parse_qsl(page.next_page_token.query))
        else:
            request.params = {"page[size]": str(self.config["page_size"]), "sort": "datetime", "include": "metric"}
        return request

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """Lift names of metrics and what properties say."""
        names = {item["id"]: item["attributes"]["name"] for item in response.json().get("included", ())}
        for event in super().parse_response(response):
            properties = event["attributes"]["event_properties"]
            relationships = event["relationships"]
            metric = relationships["metric"]["data"]["id"]
            flow = properties.get("$flow")
            yield {
                "id": event["id"],
                **event["attributes"],
                "metric_id": metric,
                "metric_name": names.get(metric),
                "profile_id": relationships["profile"]["data"]["id"],
                "flow_id": flow,
                "flow_message_id": properties.get("$message") if flow else None,
                "campaign_id": None if flow else properties.get("$message"),
                "variation_id": properties.get("$variation"),
                "value": properties.get("$value"),
            }


class PlainTap(Tap):
    """One stream, nothing else."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("page_size", th.IntegerType, default=200),
    ).to_dict()

    def discover_streams(self) -> list[Events]:
        """Return the stream."""
        return [Events(self)]


if __name__ == "__main__":
    PlainTap.cli()
