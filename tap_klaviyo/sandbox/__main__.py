"""Serves the made-up shop over HTTP: ``python -m tap_klaviyo.sandbox --port 8080``."""

from __future__ import annotations

import argparse
import contextlib
import sys

from tap_klaviyo.sandbox import Access, Fault, Limiter, OAuth, Sandbox, Shop
from tap_klaviyo.sandbox.behaviour import SWITCHES
from tap_klaviyo.sandbox.faults import KINDS
from tap_klaviyo.sandbox.server import server


def _fault(text: str) -> Fault:
    kind, *more = text.split(":")
    try:
        rate, value = float(more[0]) if more else 1.0, more[1] if len(more) > 1 else None
        return Fault(kind, rate=rate, value=value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _scopes(text: str) -> tuple[str, set[str]]:
    key, _, scopes = text.partition("=")
    return key, set(filter(None, scopes.split(",")))


def _oauth(text: str) -> OAuth:
    try:
        client_id, client_secret, refresh_token = text.split(":")
    except ValueError as error:
        message = "wanted is CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN"
        raise argparse.ArgumentTypeError(message) from error
    return OAuth(client_id, client_secret, refresh_token)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tap_klaviyo.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 picks a free one")
    shop = parser.add_argument_group("the shop")
    shop.add_argument("--seed", type=int, default=1, help="another number, another shop")
    shop.add_argument("--events", type=int, default=3000, help="how many events it has")
    shop.add_argument("--profiles", type=int, default=400, help="how many profiles it has")
    shop.add_argument("--bursts", action="store_true", help="let most events fall into a few hours")
    access = parser.add_argument_group("who may ask (any key, unless told otherwise)")
    access.add_argument("--wrong-key", action="append", default=[], metavar="KEY", help="a key to answer 401 to")
    access.add_argument("--scopes", action="append", default=[], type=_scopes, metavar="KEY=SCOPE,…", help="all it has")
    access.add_argument("--oauth", type=_oauth, metavar="ID:SECRET:REFRESH", help="an app to give access tokens to")
    trouble = parser.add_argument_group("misbehaviour")
    trouble.add_argument(
        "--as-documented",
        action="append",
        default=[],
        choices=["all", *SWITCHES],
        metavar="SWITCH",
        help=f"do as Klaviyo's document says and not as recorded: all, or any of {', '.join(SWITCHES)}",
    )
    trouble.add_argument("--limits", type=float, metavar="FACTOR", help="enforce Klaviyo's limits, times this")
    trouble.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="before every answer")
    trouble.add_argument("--fault-seed", type=int, default=1)
    trouble.add_argument(
        "--fault",
        action="append",
        default=[],
        type=_fault,
        metavar="KIND[:RATE[:VALUE]]",
        help=f"one of {', '.join(sorted(KINDS))}",
    )
    return parser.parse_args(arguments)


def made(arguments: list[str] | None = None) -> tuple[Sandbox, str, int]:
    """Return the sandbox that the command line asks for, and where to serve it."""
    given = _arguments(arguments)
    access = Access(require_key=True, wrong_keys=set(given.wrong_key), scopes=dict(given.scopes), oauth=given.oauth)
    limiter = None if given.limits is None else Limiter(given.limits)
    shop = Shop(given.seed, events=given.events, profiles=given.profiles, bursts=given.bursts)
    sandbox = Sandbox(shop, access=access, limiter=limiter)
    sandbox.behaviour.change(dict.fromkeys(SWITCHES if "all" in given.as_documented else given.as_documented, False))
    sandbox.latency = given.latency
    sandbox.faults.seed = given.fault_seed
    sandbox.faults.add(*given.fault)
    return sandbox, given.host, given.port


def main() -> None:
    """Serve until interrupted; the first line on stdout is the URL."""
    sandbox, host, port = made()
    served = server(sandbox, host, port)
    sys.stdout.write(f"http://{host}:{served.server_address[1]}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        served.serve_forever()
    served.server_close()


if __name__ == "__main__":
    main()
