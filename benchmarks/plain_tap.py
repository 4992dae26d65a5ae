"""The tap that one writes first: singer-sdk's RESTStream as its template has it, with the columns of this tap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
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


def _schema(*names: str, **others: th.JSONTypeHelper[Any]) -> dict[str, Any]:
    texts = {name: th.StringType() for name in names}
    return th.PropertiesList(*(th.Property(name, kind) for name, kind in {**texts, **others}.items())).to_dict()


class PlainStream(RESTStream[Any]):
    """Follows next links, flattens the attributes."""

    primary_keys = ("id",)
    records_jsonpath = "$.data[*]"
    params: ClassVar[dict[str, str]] = {}

    @property
    def url_base(self) -> str:
        """The API's host."""
        return str(self.config["api_url"])

    def get_new_paginator(self) -> NextLink:
        """Page by next links."""
        return NextLink()

    def get_http_request(self, *, page: PageContext[Any]) -> HTTPRequest:
        """Ask for pages of Klaviyo's usual size (200 events, 20 of all else), as such taps do, or follow the link."""
        request = super().get_http_request(page=page)
        if page.next_page_token:
            request.params = dict(parse_qsl(page.next_page_token.query))
        else:
            request.params = self.params
        return request

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """Lift the attributes."""
        for resource in super().parse_response(response):
            yield {"id": resource["id"], **resource["attributes"]}


class Events(PlainStream):
    """Events, flat."""

    name = "events"
    path = "/api/events"
    replication_key = "datetime"
    is_sorted = True
    params: ClassVar = {"sort": "datetime", "include": "metric"}
    schema = _schema(
        *("id", "uuid", "metric_id", "profile_id", "metric_name"),
        *("campaign_id", "flow_id", "flow_message_id", "variation_id"),
        datetime=th.DateTimeType(),
        event_properties=th.ObjectType(),
        timestamp=th.IntegerType(),
        value=th.NumberType(),
    )

    def parse_response(self, response: requests.Response) -> Iterable[dict[str, Any]]:
        """Lift names of metrics and what properties say."""
        names = {item["id"]: item["attributes"]["name"] for item in response.json().get("included", ())}
        for event in RESTStream.parse_response(self, response):
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


class Profiles(PlainStream):
    """Profiles."""

    name = "profiles"
    path = "/api/profiles"
    replication_key = "updated"
    is_sorted = True
    params: ClassVar = {"sort": "updated", "additional-fields[profile]": "subscriptions"}
    schema = _schema(
        *("id", "email", "phone_number", "external_id", "first_name", "last_name"),
        *("organization", "locale", "title", "image"),
        created=th.DateTimeType(),
        updated=th.DateTimeType(),
        last_event_date=th.DateTimeType(),
        location=th.ObjectType(),
        properties=th.ObjectType(),
        subscriptions=th.ObjectType(),
    )


class Lists(PlainStream):
    """Lists."""

    name = "lists"
    path = "/api/lists"
    schema = _schema("id", "name", created=th.DateTimeType(), updated=th.DateTimeType())

    def get_child_context(self, record: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002
        """Return what a child's path needs."""
        return {"parent_id": record["id"]}


class ListProfiles(PlainStream):
    """Profiles on lists."""

    name = "list_profiles"
    path = "/api/lists/{parent_id}/profiles"
    parent_stream_type = Lists
    schema = _schema("id", "parent_id", joined_group_at=th.DateTimeType())


class Coupons(Lists):
    """Coupons."""

    name = "coupons"
    path = "/api/coupons"
    schema = _schema("id", "external_id", "description")


class CouponCodes(PlainStream):
    """Codes of coupons."""

    name = "coupon_codes"
    path = "/api/coupons/{parent_id}/coupon-codes"
    parent_stream_type = Coupons
    schema = _schema("id", "parent_id", "unique_code", "status", expires_at=th.DateTimeType())


class CatalogVariants(PlainStream):
    """Variants of the catalog's items."""

    name = "catalog_variants"
    path = "/api/catalog-variants"
    schema = _schema(
        *("id", "external_id", "title", "description", "sku", "url", "image_full_url", "image_thumbnail_url"),
        inventory_policy=th.IntegerType(),
        inventory_quantity=th.NumberType(),
        price=th.NumberType(),
        images=th.ArrayType(th.StringType),
        custom_metadata=th.ObjectType(),
        published=th.BooleanType(),
        created=th.DateTimeType(),
        updated=th.DateTimeType(),
    )


STREAMS = (Events, Profiles, ListProfiles, CouponCodes, CatalogVariants)


class PlainTap(Tap):
    """One stream, with its parent if it has one."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("stream", th.StringType, default="events"),
    ).to_dict()

    def discover_streams(self) -> list[PlainStream]:
        """Return the stream."""
        [wanted] = [stream for stream in STREAMS if stream.name == self.config["stream"]]
        parent = wanted.parent_stream_type
        return [stream(self) for stream in ([parent, wanted] if parent else [wanted])]


if __name__ == "__main__":
    PlainTap.cli()
