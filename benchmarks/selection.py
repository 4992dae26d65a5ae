"""What selecting saves: bytes received for three fields of profiles, against all fields with subscriptions.

``python -m benchmarks.selection`` syncs both from the made-up shop and prints the ratio. Links and relationships, about
1 KB a profile, are always sent, so the cut depends on what else a profile has: it is shown for profiles with hardly any
custom properties, as the shop makes them, and for profiles with 20 of them, 1.3 KB. Counted as JSON and as gzip.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import random
import sys
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.tap import TapKlaviyo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROFILES = 2_000
FIELDS = ["email", "external_id", "updated"]
CUSTOM = (0, 20)
WANTED = 0.75


class Weighed(Sandbox):
    """The made-up shop, weighing what it answers."""

    def __init__(self, *, custom: int) -> None:
        shop = Shop(events=0, profiles=PROFILES)
        if custom:
            chance = random.Random(1)  # noqa: S311 - repeatable
            for profile in shop.resources("profile"):
                properties = {f"Custom property {number}": _made_up(chance) for number in range(custom)}
                shop.update("profile", profile.id, properties=properties, updated=profile.attributes["updated"])
        super().__init__(shop)
        self.plain = self.packed = 0

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer, and count the bytes of the answer."""
        answer = super().handle(method, target, headers, body)
        self.plain += len(answer[2])
        self.packed += len(gzip.compress(answer[2]))
        return answer


def _made_up(chance: random.Random) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(6))


def received(options: dict[str, Any], custom: int) -> tuple[int, int]:
    """Return the bytes of all answers of one sync of profiles, as JSON and as gzip."""
    shop = Weighed(custom=custom)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    selected = {"streams": [{"tap_stream_id": "profiles", "schema": {}, "metadata": _SELECTED}]}
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=shop), contextlib.redirect_stdout(out):
        config = {"api_url": "sandbox://", "stream_options": {"profiles": options}, "max_workers": 1}
        TapKlaviyo(config=config, catalog=selected).sync_once()
    return shop.plain, shop.packed


_WORDS = ("autumn", "blue", "cotton", "discount", "express", "forest", "gift", "harbour", "indigo", "jacket")
_SELECTED = [{"breadcrumb": [], "metadata": {"selected": True}}]


def cuts() -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    """Yield what the profiles have, and the bytes of all of their fields and of three, as JSON and as gzip."""
    for custom in CUSTOM:
        what = f"{custom} custom properties" if custom else "as the shop makes them"
        yield what, received({}, custom), received({"fields": {"profile": FIELDS}}, custom)


def main() -> int:
    """Print the figures; 1 where the cut is smaller than wanted for profiles with custom properties."""
    print(f"{PROFILES:,} profiles, bytes received")
    for what, everything, three in cuts():
        found = [1 - small / large for small, large in zip(three, everything, strict=True)]
        print(f"\n{what:28}{'JSON':>12}{'gzip':>12}")
        print(f"{'all, with subscriptions':28}{everything[0]:>12,}{everything[1]:>12,}")
        print(f"{', '.join(FIELDS):28}{three[0]:>12,}{three[1]:>12,}")
        print(f"{'cut':28}{found[0]:>12.1%}{found[1]:>12.1%}")
    return 0 if found[0] >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
