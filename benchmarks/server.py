"""A local Klaviyo that answers /api/events from made-up rows: with or without latency, with or without limits.

It knows filters on `datetime`, ascending order, page sizes up to 1,000 and next links, and nothing else: what is
measured against it is the tap, so an answer must cost next to nothing. Strictness is the sandbox's work.
"""

from __future__ import annotations

import argparse
import bisect
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

START = datetime(2024, 1, 1, tzinfo=UTC)
_BOUND = re.compile(r"(greater-or-equal|greater-than|less-than|less-or-equal)\(datetime,([^)]+)\)")
_WINDOWS = ((1.0, 350), (60.0, 3500))
_MOST_ROWS = 1000
_USUAL_ROWS = 200
_FILLING = "x" * 1000
_MADE_BEFOREHAND = 200_000


class Rows:
    """So many events over so many days, evenly spread or in bursts of a campaign's size; instants are epoch seconds."""

    def __init__(self, count: int, days: int, *, bursts: bool) -> None:
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

        # Few rows are made beforehand: then a page costs a copy.
        few = count <= _MADE_BEFOREHAND
        self._made = [_row(index, instant) for index, instant in enumerate(self.instants)] if few else None

    def page(self, low: int, high: int) -> bytes:
        """Return the rows of an index range as JSON."""
        if self._made is not None:
            return b",".join(self._made[low:high])
        return b",".join(_row(index, self.instants[index]) for index in range(low, high))


def _row(index: int, instant: int) -> bytes:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(instant))
    return (
        f'{{"type":"event","id":"e{index:012d}","attributes":{{"timestamp":{instant},"event_properties":'
        f'{{"$event_id":"{index}","$flow":"F{index % 7}","$message":"M{index % 13}","$value":{index % 500}.5,'
        f'"items":["a","b"],"note":"{_FILLING}"}},"datetime":"{stamp}","uuid":"u{index:012d}"}},'
        f'"relationships":{{"profile":{{"data":{{"type":"profile","id":"P{index % 5000}"}}}},'
        f'"metric":{{"data":{{"type":"metric","id":"M{index % 9}"}}}}}},"links":{{"self":"https://x/{index}"}}}}'
    ).encode()


_INCLUDED = ",".join(
    f'{{"type":"metric","id":"M{number}","attributes":{{"name":"Metric {number}"}}}}' for number in range(9)
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

    def __init__(self, rows: Rows, *, latency: float, limits: bool) -> None:
        self._rows = rows
        self._latency = latency
        self._limits = Limits() if limits else None
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.requests = 0
        self.throttled = 0

    def serve(self) -> None:
        """Accept connections until the process ends."""
        while True:
            connection, _ = self._socket.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                while reader.readline() not in {b"\r\n", b""}:
                    pass
                status, body, headers = self._answer(line.split()[1].decode())
                head = (
                    f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: application/vnd.api+json\r\n"
                    f"Content-Length: {len(body)}\r\n{headers}\r\n"
                )
                try:
                    connection.sendall(head.encode() + body)
                except OSError:
                    return

    def _answer(self, target: str) -> tuple[int, bytes, str]:
        parts = urlsplit(target)
        if parts.path == "/statistics":
            return 200, json.dumps({"requests": self.requests, "throttled": self.throttled}).encode(), ""
        self.requests += 1
        if self._latency:
            time.sleep(self._latency)
        if self._limits and (wait := self._limits.refused()) is not None:
            self.throttled += 1
            return 429, b'{"errors":[{"status":429,"code":"throttled"}]}', f"Retry-After: {wait}\r\n"
        return 200, self._page(parts.path, parse_qs(parts.query)), ""

    def _page(self, path: str, query: dict[str, list[str]]) -> bytes:
        size = min(int(query.get("page[size]", [str(_USUAL_ROWS)])[0]), _MOST_ROWS)
        text = query.get("filter", [""])[0]
        low, high = 0, len(self._rows.instants)
        for operator, bound in _BOUND.findall(text):
            instant = int(datetime.fromisoformat(bound).timestamp())
            left = bisect.bisect_left(self._rows.instants, instant)
            right = bisect.bisect_right(self._rows.instants, instant)
            if operator.startswith("greater"):
                low = max(low, left if operator == "greater-or-equal" else right)
            else:
                high = min(high, left if operator == "less-than" else right)
        begin = int(query.get("page[cursor]", [str(low)])[0])
        end = min(begin + size, high)
        link = "null"
        if end < high:
            rest = {name: values[0] for name, values in query.items()} | {"page[cursor]": str(end)}
            encoded = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in rest.items())
            link = f'"http://127.0.0.1:{self.port}{path}?{encoded}"'
        included = _INCLUDED if "include" in query else ""
        return b'{"data":[%b],"included":[%b],"links":{"self":"x","next":%b}}' % (
            self._rows.page(begin, end),
            included.encode(),
            link.encode(),
        )


def main() -> None:
    """Serve; print the port on the first line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--bursts", action="store_true")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--limits", action="store_true")
    arguments = parser.parse_args()
    rows = Rows(arguments.events, arguments.days, bursts=arguments.bursts)
    server = Server(rows, latency=arguments.latency, limits=arguments.limits)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    server.serve()


if __name__ == "__main__":
    main()
