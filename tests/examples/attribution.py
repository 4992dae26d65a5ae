"""What the shop credits to its campaigns and flows, and what a warehouse says of it."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict

from tap_klaviyo.sandbox import Shop


def asked(home, connect, question):
    """Ids and amounts that a warehouse answers with, asked by the Python of an environment that has its driver."""
    program = (
        f"import json; {connect}; cursor = connection.cursor(); cursor.execute({question!r}); "
        "print(json.dumps([[name, float(value)] for name, value in cursor.fetchall()]))"
    )
    return json.loads(
        subprocess.run([home / "bin" / "python", "-c", program], check=True, capture_output=True, text=True).stdout
    )


def amount(written):
    """What is written, as a number; what is no number is worth nothing."""
    try:
        return float(written or 0)
    except ValueError:
        return 0.0


def credited(kind):
    """What the shop itself credits to each campaign or flow: not a line of the tap is in this."""
    shop = Shop()
    found: dict[str, float] = defaultdict(float)
    for attribution in shop.resources("attribution"):
        (event_id,) = shop.related(attribution, "event")
        event = shop.get("event", event_id)
        assert event is not None
        properties = event.attributes["event_properties"]
        for to in shop.related(attribution, kind):
            found[to] += amount(properties.get("$value")) or amount(properties.get("value"))
    return dict(found)
