"""What events say in their properties, with every oddity that integrations send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.instants import SECOND

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.world import World


def properties_of(world: World, kind: str, number: int, instant: int) -> dict[str, Any] | None:
    """Return the ``event_properties`` of an event of one ``kind`` of metric."""
    found: dict[str, Any] = {"$event_id": str(instant // SECOND) if number % 2 else f"{number}:{instant}"}
    if kind == "order":
        found |= _order(number)
    elif kind in {"email", "sms"}:
        found |= _message(world, number)
    elif kind == "odd":
        return _odd(number)
    else:
        found |= {"Page": f"https://shop.example.com/p/{number % 500}", "Seconds": number % 90}
    return found


# free orders, whole amounts, and the odd text
_VALUES: dict[int, Any] = {3: 0, 21: 3, 57: "1,234.50"}


def _order(number: int) -> dict[str, Any]:
    items = [
        {"SKU": f"SKU-{(number + item) % 60}", "Quantity": item + 1, "ItemPrice": 9.99 + item, "Gift": False}
        for item in range(1 + number % 3)
    ]
    found: dict[str, Any] = {
        "$value": _VALUES.get(number % 100, round(5 + number * 0.37 % 400, 2)),
        # the first is what Shopify sends, the second what the API takes
        "$currency_code" if number % 3 else "$value_currency": "EUR",
        "OrderId": f"{100_000 + number}",
        "Items": items,
        "ShippingAddress": {"City": "Köln", "Zip": "50667", "Geo": {"Lat": "50.94", "Lng": 6.96}},
    }
    if number % 6 == 1:
        found["$extra"] = {"order": {"line items": items, "discount_codes": [], "test": None}}
    if number % 4 == 0:
        # older integrations send the amount without the dollar sign, and as text
        found["value"] = str(found.pop("$value"))
    return found


def _message(world: World, number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"Subject": f"News № {number % 30} 🎉", "Email Domain": "example.com"}
    if number % 3 == 0:
        flow, message = world.flows[number % len(world.flows)]
        found |= {"$flow": flow, "$message": message}
    else:
        campaign, name = world.campaigns[number % len(world.campaigns)]
        found["Campaign Name"] = name
        # events of campaigns that were deleted since have the name alone
        if number % 17:
            found["$message"] = campaign
    if number % 6 == 0:
        found["$variation"] = f"V{number % 9}"
    return found


_ODDITIES: tuple[dict[str, Any] | None, ...] = (
    {},
    None,
    {"big": 2**70 + 1, "negative": -(2**65)},
    {"a key with blanks": 1, "dotted.key": {"deep": {"deeper": [1, "two", None, {"x": True}]}}, "🎈": "emoji key"},
    {"Case": "upper", "case": "lower"},
    {"when": "2024-06-23 00:15:23.918411+00:00", "free text": "May 5, 2021", "trailing": "line\n"},
    {"score": "12"},
    {"score": 12.0},
    {"score": [True, None]},
)


def _odd(number: int) -> dict[str, Any] | None:
    return _ODDITIES[number % len(_ODDITIES)]
