"""Serves the made-up shop over HTTP: ``python -m tap_klaviyo.sandbox --port 8080``."""

from __future__ import annotations

import argparse
import sys

from tap_klaviyo.sandbox import Access, Sandbox, Shop
from tap_klaviyo.sandbox.server import server


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tap_klaviyo.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=1, help="another number, another shop")
    parser.add_argument("--events", type=int, default=3000, help="how many events the shop has")
    parser.add_argument("--profiles", type=int, default=400, help="how many profiles the shop has")
    parser.add_argument("--bursts", action="store_true", help="let most events fall into a few hours")
    return parser.parse_args()


def main() -> None:
    """Serve until interrupted; the first line on stdout is the URL."""
    given = _arguments()
    shop = Shop(given.seed, events=given.events, profiles=given.profiles, bursts=given.bursts)
    served = server(Sandbox(shop, access=Access(require_key=True)), given.host, given.port)
    sys.stdout.write(f"http://{given.host}:{served.server_address[1]}\n")
    sys.stdout.flush()
    try:
        served.serve_forever()
    except KeyboardInterrupt:
        served.server_close()


if __name__ == "__main__":
    main()
