"""What no tap can do without: the socket, inflating, one decode and one encode of the same bytes, in one process.

It reads the pages that the tap reads, a chain at a time, and writes each resource as it came in a RECORD message.
"""

from __future__ import annotations

import json
import sys
import zlib
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from benchmarks.shapes import PARENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP = 31
_CHAINS = {
    "events": ["/api/events?page[size]=1000&include=metric"],
    "profiles": ["/api/profiles?page[size]=100"],
    "list_profiles": [f"/api/lists/L{number}/profiles?page[size]=100" for number in range(PARENTS)],
    "coupon_codes": [f"/api/coupons/C{number}/coupon-codes?page[size]=100" for number in range(PARENTS)],
    "catalog_variants": ["/api/catalog-variants?page[size]=100"],
}


class _Resource(msgspec.Struct):
    id: str
    attributes: msgspec.Raw
    relationships: msgspec.Raw


class _Links(msgspec.Struct):
    next: str | None


class _Document(msgspec.Struct):
    data: list[_Resource]
    links: _Links


class _Message(msgspec.Struct):
    type: str
    record: Any


def pages(connection: HTTPConnection, target: str) -> Iterator[bytes]:
    """Yield the messages of each page of a chain."""
    decode, encode = msgspec.json.Decoder(_Document).decode, msgspec.json.Encoder().encode_lines
    following: str | None = target
    while following:
        connection.request("GET", following, headers={"Accept-Encoding": "gzip"})
        document = decode(zlib.decompress(connection.getresponse().read(), _GZIP))
        yield encode([_Message("RECORD", resource) for resource in document.data])
        following = document.links.next
        if following:
            parts = urlsplit(following)
            following = f"{parts.path}?{parts.query}"


def main() -> None:
    """Read the stream that the configuration names."""
    settings = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
    connection = HTTPConnection(urlsplit(settings["api_url"]).netloc)
    for target in _CHAINS[settings["stream"]]:
        for lines in pages(connection, target):
            sys.stdout.buffer.write(lines)


if __name__ == "__main__":
    main()
