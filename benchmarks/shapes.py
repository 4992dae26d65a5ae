"""Resources as Klaviyo answers them: `simple` ones, short and plain, and `real` ones, as a shop's data are.

A shape is some hundred templates, in which `#ID#`, `#AT#` (a date-time), `#SECONDS#` and `#OWNER#` stand for what
differs from row to row: then a page costs the server little.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.values import ODD_EVERY, Values

if TYPE_CHECKING:
    from collections.abc import Callable

METRICS = 9
PARENTS = 20
_VARIETY = 499  # a prime, so that nothing goes in step with it
_HOST = "https://a.klaviyo.com/api"
_FILLING = "x" * 1000
# Of ten events six are e-mails', three views and one an order.
_EVENTS = (Values.email, Values.view, Values.email, Values.email, Values.order)
_EVENTS += (Values.email, Values.view, Values.email, Values.view, Values.email)

Resource = dict[str, Any]


def _resource(kind: str, attributes: Resource, to_one: Resource, to_many: tuple[str, ...] = ()) -> Resource:
    at = f"{_HOST}/{kind}s/#ID#"

    def links(name: str) -> Resource:
        return {"links": {"self": f"{at}/relationships/{name}/", "related": f"{at}/{name}/"}}

    linked = {name: {"data": data, **links(name)} for name, data in to_one.items()}
    return {
        "type": kind,
        "id": "#ID#",
        "attributes": attributes,
        "relationships": linked | {name: links(name) for name in to_many},
        "links": {"self": f"{at}/"},
    }


def _simple(kind: str, attributes: Resource, to_one: Resource | None = None) -> Resource:
    linked = {name: {"data": data} for name, data in (to_one or {}).items()}
    return {
        "type": kind,
        "id": "#ID#",
        "attributes": attributes,
        "relationships": linked,
        "links": {"self": "https://x"},
    }


def _event(seed: int) -> Resource:
    values = Values(seed)
    attributes = {
        "timestamp": "#SECONDS#",
        "event_properties": _EVENTS[seed % len(_EVENTS)](values),
        "datetime": "#AT#",
        "uuid": values.uuid(),
    }
    metric = {"type": "metric", "id": f"M{seed % METRICS}"}
    return _resource("event", attributes, {"profile": {"type": "profile", "id": "#OWNER#"}, "metric": metric})


def _simple_event(seed: int) -> Resource:
    properties = {
        "$event_id": "#ID#",
        "$flow": f"F{seed % 7}",
        "$message": f"M{seed % 13}",
        "$value": seed % 500 + 0.5,
        "items": ["a", "b"],
        "note": _FILLING,
    }
    attributes = {"timestamp": "#SECONDS#", "event_properties": properties, "datetime": "#AT#", "uuid": "u#ID#"}
    metric = {"type": "metric", "id": f"M{seed % METRICS}"}
    return _simple("event", attributes, {"profile": {"type": "profile", "id": "P#OWNER#"}, "metric": metric})


def _channel(values: Values, flag: str, **extra: Any) -> Resource:
    return {
        flag: True,
        "consent": "SUBSCRIBED",
        "consent_timestamp": values.date_time(),
        "last_updated": values.date_time(),
        "method": "PREFERENCE_PAGE",
        "method_detail": values.words(2),
        **extra,
    }


def _subscriptions(values: Values) -> Resource:
    unset = {"custom_method_detail": None, "double_optin": False, "suppression": [], "list_suppressions": []}
    tracking = {
        "consent": "UNSUBSCRIBED",
        "consent_timestamp": values.date_time(),
        "can_receive": False,
        "metadata": {},
    }
    return {
        "email": {
            "marketing": _channel(values, "can_receive_email_marketing", **unset),
            "open_tracking": tracking,
            "click_tracking": tracking,  # not in the document
        },
        "sms": {"marketing": _channel(values, "can_receive_sms_marketing"), "transactional": None},
        "mobile_push": {"marketing": {"can_receive_push_marketing": False, "consent": "UNSUBSCRIBED"}},
    }


def _profile(seed: int) -> Resource:
    values = Values(seed)
    attributes = {
        "email": f"{values.token(12)}@example.com",
        "phone_number": f"+49{values.number()}",
        "external_id": f"{values.number()}",
        "anonymous_id": None,
        "first_name": values.words(1),
        "last_name": values.words(1),
        "organization": None,
        "locale": "de-DE",
        "title": None,
        "image": None,
        "created": values.date_time(),
        "updated": "#AT#",
        "last_event_date": values.date_time(),
        "location": {
            "address1": f"{values.words(2)} 12",
            "address2": None,
            "city": values.words(1),
            "country": "Germany",
            "latitude": values.chance.uniform(47, 55),
            "longitude": f"{values.chance.uniform(6, 15)}",
            "region": None,
            "zip": "10115",
            "timezone": "Europe/Berlin",
            "ip": "192.0.2.17",
        },
        "properties": {
            f"{values.words(1)} {number}": values.property() for number in range(values.chance.randrange(20, 60))
        },
        "subscriptions": _subscriptions(values),
    }
    return _resource("profile", attributes, {}, ("lists", "segments", "push-tokens", "conversation"))


def _simple_profile(seed: int) -> Resource:
    attributes = {
        "email": "p#ID#@example.com",
        "first_name": "Ada",
        "created": "#AT#",
        "updated": "#AT#",
        "properties": {"note": _FILLING},
        "location": {"city": "Berlin"},
    }
    del seed
    return _simple("profile", attributes)


def _member(seed: int) -> Resource:
    del seed
    return _resource("profile", {"joined_group_at": "#AT#"}, {}, ("lists", "segments", "push-tokens", "conversation"))


def _simple_member(seed: int) -> Resource:
    del seed
    return _simple("profile", {"joined_group_at": "#AT#"})


def _code(seed: int) -> Resource:
    values = Values(seed)
    attributes = {"unique_code": f"{values.token(10)}#ID#", "expires_at": "#AT#", "status": "UNASSIGNED"}
    return _resource("coupon-code", attributes, {"coupon": {"type": "coupon", "id": "#OWNER#"}}, ("profile",))


def _simple_code(seed: int) -> Resource:
    attributes = {"unique_code": f"C{seed}#ID#", "expires_at": None, "status": "UNASSIGNED"}
    return _simple("coupon-code", attributes)


def _variant(seed: int) -> Resource:
    values = Values(seed)
    attributes = {
        "external_id": f"{values.number()}",
        "title": values.words(4),
        "description": f"<p>{values.words(60)}</p>",
        "sku": f"{values.number()}-NVY-M",
        "inventory_policy": 1,
        "inventory_quantity": values.chance.randrange(500),
        "price": values.price(),
        "url": values.url(),
        "image_full_url": values.url(),
        "image_thumbnail_url": values.url(),
        "images": [values.url() for _ in range(3)],
        "custom_metadata": {values.words(2): values.property() for _ in range(6)},
        "published": True,
        "created": values.date_time(),
        "updated": "#AT#",
    }
    return _resource("catalog-variant", attributes, {}, ("item",))


def _simple_variant(seed: int) -> Resource:
    attributes = {"external_id": f"v{seed}", "title": "Shirt", "price": 5.5, "images": [], "updated": "#AT#"}
    return _simple("catalog-variant", attributes)


SHAPES: dict[str, tuple[Callable[[int], Resource], Callable[[int], Resource]]] = {
    # by kind of row: simple and real
    "events": (_simple_event, _event),
    "profiles": (_simple_profile, _profile),
    "members": (_simple_member, _member),
    "codes": (_simple_code, _code),
    "variants": (_simple_variant, _variant),
}


@cache
def templates(kind: str, *, real: bool) -> list[bytes]:
    """Return the templates of a kind of rows; of real ones every fifth is odd, half of them with escapes."""
    make = SHAPES[kind][real]
    found = []
    for seed in range(_VARIETY):
        escaped = seed % (2 * ODD_EVERY) == 0
        text = json.dumps(make(seed), ensure_ascii=escaped, separators=(",", ":"))
        found.append(text.replace('"#SECONDS#"', "#SECONDS#").encode())
    return found


def metrics(*, real: bool) -> bytes:
    """Return the metrics that a page of events includes."""
    found = []
    for number in range(METRICS):
        attributes: Resource = {"name": f"Metric {number}"}
        if real:
            key, stamp = f"0{number}", "2023-03-01T09:30:12+00:00"
            attributes |= {
                "created": stamp,
                "updated": stamp,
                "integration": {"object": "integration", "id": key, "name": "Shop"},
            }
        found.append({"type": "metric", "id": f"M{number}", "attributes": attributes})
    return json.dumps(found, separators=(",", ":")).encode()[1:-1]


def parents(kind: str) -> bytes:
    """Return the few parents of a kind as an answer's data."""
    stamp = "2023-03-01T09:30:12+00:00"
    attributes = {"name": "one", "external_id": "one", "created": stamp, "updated": stamp}
    found = [
        {"type": kind, "id": f"{kind[0].upper()}{number}", "attributes": attributes, "relationships": {}, "links": {}}
        for number in range(PARENTS)
    ]
    return json.dumps(found, separators=(",", ":")).encode()[1:-1]
