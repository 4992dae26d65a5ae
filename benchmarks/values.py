"""Values such as a shop sends them: ids of 13 digits, prices, UUIDs, words, one in five resources with odd ones."""

from __future__ import annotations

import random
import uuid
from typing import Any

ODD_EVERY = 5
AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
_WORDS = (
    *("autumn", "blue", "cotton", "discount", "express", "forest", "gift"),
    *("harbour", "indigo", "jacket", "knitted", "linen", "merino", "navy"),
)
_ODD_WORDS = ("Größe", "café ☕", "夏物セール", "🎈🎉", "50 % — heute", "“quotes”", "Ελλάδα", "Žluťoučký", 'a "b"\n')


class Values:
    """Makes the values of one resource; those of an odd one hold words beyond ASCII."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatable
        self.odd = seed % ODD_EVERY == 0

    def words(self, count: int) -> str:
        """Return a few words."""
        found = self.chance.choices(_WORDS, k=count)
        if self.odd:
            found[0] = self.chance.choice(_ODD_WORDS)
        return " ".join(found)

    def number(self) -> int:
        """Return an id as shops have them."""
        return self.chance.randrange(10**12, 10**13)

    def price(self) -> float:
        """Return an amount with cents."""
        return self.chance.randrange(300, 30_000) / 100

    def amount(self) -> str:
        """Return an amount as text."""
        return f"{self.price():.2f}"

    def uuid(self) -> str:
        """Return a UUID."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def token(self, length: int = 26) -> str:
        """Return an id as Klaviyo's profiles have them."""
        return "01" + "".join(self.chance.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=length - 2))

    def url(self) -> str:
        """Return the address of a product."""
        return f"https://shop.example.com/products/{'-'.join(self.chance.choices(_WORDS, k=3))}?variant={self.number()}"

    def date_time(self) -> str:
        """Return a date-time of Klaviyo's usual shape."""
        day, hour = self.chance.randrange(1, 29), self.chance.randrange(24)
        return f"2024-{self.chance.randrange(1, 13):02}-{day:02}T{hour:02}:17:05+00:00"

    def email(self) -> dict[str, Any]:
        """Return the properties of an opened or clicked e-mail: 1 to 1.5 KB with all around them."""
        flow = self.chance.random() < 0.5  # noqa: PLR2004 - half of them
        return {
            "$message": self.chance.choice(["RkYqXb", "SaKpr2"]) if flow else self.token(),
            "Campaign Name": self.words(4),
            "Subject": self.words(7),
            "Email Domain": "example.com",
            "$flow": self.chance.choice(["VqXb2n", "Wk3pLd"]) if flow else "",
            "$variation": "",
            "$message_interaction": self.token(),
            "Client OS": "iOS 17.5.1",
            "Client Canonical": AGENT,
            "URL": f"{self.url()}&utm_medium=email&_kx={self.token(44)}",
            "machine_open": False,
            "$event_id": f"{self.number()}:{self.uuid()}:{self.number()}",
            "$message_send_cohort": f"{self.number()}:{self.token(22)}",
        }

    def view(self) -> dict[str, Any]:
        """Return the properties of a viewed product."""
        return {
            "ProductName": self.words(5),
            "ProductID": self.number(),
            "SKU": f"{self.chance.randrange(10**6)}-NVY-M",
            "Categories": [self.words(2) for _ in range(4)],
            "ImageURL": f"{self.url()}.jpg",
            "URL": self.url(),
            "Price": self.price(),
            "CompareAtPrice": self.price(),
            "$use_ip": True,
            "page": self.url(),
            "$session_id": self.uuid(),
            "$event_id": f"{self.number()}",
        }

    def order(self) -> dict[str, Any]:
        """Return the properties of an order, with a tree of 6 to 12 KB in `$extra`."""
        lines = [self._line() for _ in range(self.chance.randrange(5, 10))]
        return {
            "Items": [line["name"] for line in lines],
            "Item Count": len(lines),
            "Discount Codes": [self.words(1).upper()],
            "$currency_code": "EUR",
            "$event_id": f"{self.number()}",
            "$value": self.price(),
            "$extra": {
                "id": self.number(),
                "token": self.uuid(),
                "line_items": lines,
                "billing_address": self._address(),
                "shipping_address": self._address(),
                "customer": {"id": self.number(), "orders_count": 3, "total_spent": self.amount()},
                "created_at": "2024-05-01T10:00:00+02:00",
                "client_details": {"user_agent": AGENT, "session_hash": None, "browser_width": 1440},
                "total_price": self.amount(),
                "webhook_id": self.uuid(),
            },
        }

    def _line(self) -> dict[str, Any]:
        money = {"amount": self.amount(), "currency_code": "EUR"}
        return {
            "id": self.number(),
            "admin_graphql_api_id": f"gid://shopify/LineItem/{self.number()}",
            "fulfillment_service": "manual",
            "grams": self.chance.randrange(5_000),
            "name": self.words(6),
            "price": self.amount(),
            "price_set": {"shop_money": money, "presentment_money": money},
            "product": {
                "id": self.number(),
                "title": self.words(4),
                "vendor": self.words(2),
                "images": [{"src": self.url(), "thumb_src": self.url()} for _ in range(2)],
                "variant": {"sku": f"{self.number()}", "options": {"Size": "M", "Color": self.words(1)}},
            },
            "tax_lines": [{"rate": 0.19, "title": "MwSt", "price": self.amount()}],
            "total_discount": "0.00",
        }

    def _address(self) -> dict[str, Any]:
        return {
            "first_name": self.words(1),
            "last_name": self.words(1),
            "address1": f"{self.words(2)} {self.chance.randrange(300)}",
            "address2": None,
            "city": self.words(1),
            "zip": f"{self.chance.randrange(10**5):05}",
            "country": "Germany",
            "phone": f"+49{self.number()}",
            "latitude": self.chance.uniform(47, 55),
            "longitude": self.chance.uniform(6, 15),
        }

    def property(self) -> Any:
        """Return what a shop writes to a property of a profile."""
        kinds = (
            self.number,
            self.price,
            self.date_time,
            lambda: self.words(2),
            lambda: [self.words(1)] * 2,
            lambda: True,
        )
        return self.chance.choice(kinds)()
