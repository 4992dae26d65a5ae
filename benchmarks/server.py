"""A local Klaviyo that answers from made-up rows: with or without latency, limits and gzip.

It knows date filters, page sizes and next links, and nothing else: what is measured against it is the tap, so an answer
must cost next to nothing. Strictness is the sandbox's work.
"""

from __future__ import annotations

import argparse
import bisect
import contextlib
import json
import random
import re
import socket
import sys
import threading
import time
from array import array
from collections import deque
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

from isal import igzip

from benchmarks.shapes import PARENTS, SHAPES, metrics, parents, templates

START = datetime(2024, 1, 1, tzinfo=UTC)
_BOUND = re.compile(r"(greater-or-equal|greater-than|less-than|less-or-equal)\(\w+,([^)]+)\)")
_WINDOWS = ((1.0, 350), (60.0, 3500))
_MOST_EVENTS, _MOST_ROWS = 1000, 100
_USUAL_EVENTS, _USUAL_ROWS = 200, 20
_OWNERS = 5000
_COLLECTIONS = {
    # by path: the kind of rows, or of the parents that stand there instead
    "/api/events": "events",
    "/api/profiles": "profiles",
    "/api/lists": "list",
    "/api/coupons": "coupon",
    "/api/catalog-variants": "variants",
    "/api/catalog-items": "catalog-item",
}
_CHILDREN = {"/profiles": "members", "/coupon-codes": "codes"}  # by the end of the path; as many for each parent
_PACKED_PAGES = 400
_MOST_MADE = 300_000  # half a GB
# A sixth larger than what zlib makes at its usual level, which takes twelve times as long: with that, 43 ms a page of
# real events, the server was what a tap waited for. To inflate either takes the same.
_LEVEL = 2


class Rows:
    """So many rows of a kind over so many days, evenly spread or in bursts; instants are epoch seconds."""

    def __init__(self, kind: str, count: int, days: int, *, bursts: bool = False, real: bool = False) -> None:
        self.kind = kind
        begin, span = int(START.timestamp()), days * 86400
        if bursts:
            chance = random.Random(7)  # noqa: S311 - made-up data
            centres = [chance.random() * span for _ in range(max(1, count // 20_000))]
            # Nine of ten rows come within hours of a campaign, ever fewer of them; the rest at any time.
            found = [
                min(span - 1, chance.choice(centres) + chance.expovariate(1 / 5400))
                if chance.random() < 0.9  # noqa: PLR2004
                else chance.random() * span
                for _ in range(count)
            ]
            self.instants = array("q", sorted(begin + int(instant) for instant in found))
        else:
            self.instants = array("q", (begin + index * span // count for index in range(count)))
        self._templates = templates(kind, real=real)
        self._made: list[bytes] = []

    def make(self) -> None:
        """Make the rows now, if they are not very many: each answer has less to do then."""
        if len(self.instants) <= _MOST_MADE:
            self._made = [self._row(index, 0) for index in range(len(self.instants))]

    def page(self, low: int, high: int, part: int) -> bytes:
        """Return the rows of an index range as JSON; ``part`` tells the rows of one parent from another's."""
        if self._made:
            return b",".join(self._made[low:high])
        return b",".join(self._row(index, part) for index in range(low, high))

    def _row(self, index: int, part: int) -> bytes:
        instant = self.instants[index]
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(instant)).encode()
        return (
            self._templates[index % len(self._templates)]
            .replace(b"#ID#", b"%03d%09d" % (part, index))
            .replace(b"#AT#", stamp)
            .replace(b"#SECONDS#", b"%d" % instant)
            .replace(b"#OWNER#", b"01HW%022d" % (index % _OWNERS))
        )


class Limits:
    """Klaviyo's two windows: sent times of the last second and minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent = [deque[float]() for _ in _WINDOWS]

    def refused(self) -> int | None:
        """Return how many seconds to wait, or None and count the request."""
        now = time.monotonic()
        with self._lock:
            for sent, (period, most) in zip(self._sent, _WINDOWS, strict=True):
                while sent and sent[0] <= now - period:
                    sent.popleft()
                if len(sent) >= most:
                    return int(period - (now - sent[0])) + 1
            for sent in self._sent:
                sent.append(now)
        return None


class Server:
    """Serves on a free loopback port, a thread a connection."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._limits = Limits() if options.limits else None
        self._rows: dict[str, Rows] = {}
        self._packed: dict[str, bytes] = {}
        for kind in options.ready:
            self._rows_of(kind).make()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.counted = {"requests": 0, "throttled": 0, "bytes": 0}

    def serve(self) -> None:
        """Accept connections until the process ends."""
        while True:
            connection, _ = self._socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        # A tap that is gone is no fault of the server's.
        with contextlib.suppress(OSError), connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                while reader.readline() not in {b"\r\n", b""}:
                    pass
                status, body, headers = self._answer(line.split()[1].decode())
                head = (
                    f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/vnd.api+json\r\n"
                    f"Content-Length: {len(body)}\r\n{headers}\r\n"
                )
                connection.sendall(head.encode() + body)

    def _answer(self, target: str) -> tuple[int, bytes, str]:
        parts = urlsplit(target)
        if parts.path == "/statistics":
            return 200, json.dumps(self.counted).encode(), ""
        self.counted["requests"] += 1
        if self._options.latency:
            time.sleep(self._options.latency)
        if self._limits and (wait := self._limits.refused()) is not None:
            self.counted["throttled"] += 1
            return 429, b'{"errors":[{"status":429,"code":"throttled"}]}', f"Retry-After: {wait}\r\n"
        if not self._options.gzip:
            body = self._page(parts.path, parse_qs(parts.query))
            self.counted["bytes"] += len(body)
            return 200, body, ""
        packed = self._packed.get(target)
        if packed is None:
            body = self._page(parts.path, parse_qs(parts.query))
            packed = len(body).to_bytes(8, "big") + igzip.compress(body, compresslevel=_LEVEL)
            if len(self._packed) < _PACKED_PAGES:
                self._packed[target] = packed
        self.counted["bytes"] += int.from_bytes(packed[:8], "big")
        return 200, packed[8:], "Content-Encoding: gzip\r\n"

    def _table(self, path: str) -> tuple[str, int]:
        """Return the kind of rows at a path, and the number of their parent."""
        path = path.rstrip("/")
        for end, kind in _CHILDREN.items():
            if path.endswith(end) and path not in _COLLECTIONS:
                return kind, int(path.split("/")[-2].removeprefix("L").removeprefix("C"))
        return _COLLECTIONS[path], 0

    def _page(self, path: str, query: dict[str, list[str]]) -> bytes:
        kind, part = self._table(path)
        if kind not in SHAPES:
            return b'{"data":[%b],"links":{"self":"x","next":null}}' % parents(kind)
        rows = self._rows_of(kind)
        usual, most = (_USUAL_EVENTS, _MOST_EVENTS) if kind == "events" else (_USUAL_ROWS, _MOST_ROWS)
        size = min(int(query.get("page[size]", [str(usual)])[0]), most)
        low, high = self._range(rows.instants, query.get("filter", [""])[0])
        begin = int(query.get("page[cursor]", [str(low)])[0])
        end = min(begin + size, high)
        link = "null"
        if end < high:
            rest = {name: values[0] for name, values in query.items()} | {"page[cursor]": str(end)}
            encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in rest.items())
            link = f'"http://127.0.0.1:{self.port}{path}?{encoded}"'
        included = metrics(real=self._options.real) if "include" in query else b""
        return b'{"data":[%b],"included":[%b],"links":{"self":"x","next":%b}}' % (
            rows.page(begin, end, part),
            included,
            link.encode(),
        )

    def _rows_of(self, kind: str) -> Rows:
        if kind not in self._rows:
            options = self._options
            count = options.rows // PARENTS if kind in _CHILDREN.values() else options.rows
            self._rows[kind] = Rows(kind, max(1, count), options.days, bursts=options.bursts, real=options.real)
        return self._rows[kind]

    @staticmethod
    def _range(instants: array[int], text: str) -> tuple[int, int]:
        low, high = 0, len(instants)
        for operator, bound in _BOUND.findall(text):
            # The published tap filters by the timestamp, all others by the date-time.
            instant = int(bound) if bound.isdigit() else int(datetime.fromisoformat(bound).timestamp())
            left, right = bisect.bisect_left(instants, instant), bisect.bisect_right(instants, instant)
            if operator.startswith("greater"):
                low = max(low, left if operator == "greater-or-equal" else right)
            else:
                high = min(high, left if operator == "less-than" else right)
        return low, high


def main() -> None:
    """Serve; print the port on the first line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="of each kind, shared out among their parents")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--bursts", action="store_true")
    parser.add_argument("--real", action="store_true", help="rows such as a shop has")
    parser.add_argument("--gzip", action="store_true")
    parser.add_argument("--ready", nargs="*", default=[], choices=["events", "profiles"], help="make these beforehand")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--limits", action="store_true")
    server = Server(parser.parse_args())
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
