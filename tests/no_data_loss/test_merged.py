"""A state that is merged into the last one, as by Meltano's `--state-strategy merge`, says what it says on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tap_klaviyo.sandbox import Fault, Resource
from tests.no_data_loss.rig import NOON, Rig, text

pytestmark = pytest.mark.usefixtures("one_or_many")
QUOTA = 86_400  # seconds: who is told to come back tomorrow ends his stream


def ago(**by: float) -> str:
    return text(NOON - timedelta(**by))


def parents(rig: Rig) -> None:
    for number in range(6):
        rig.put("coupon", f"k{number}", external_id="t")
        for code in range(2):
            links: dict[str, str | list[str] | None] = {"coupon": f"k{number}"}
            rig.shop.put("coupon-code", Resource("coupon-code", f"c{number}{code}", {"status": "UNASSIGNED"}, links))


def dated(rig: Rig) -> None:
    for number in range(30):
        rig.put("event", f"e{number:02}", datetime=ago(days=6, minutes=-number))


@pytest.mark.parametrize(
    ("stream", "place", "stock", "path", "method"),
    [
        ("coupon_codes", "fan_out", parents, "/api/coupons/*/coupon-codes", None),
        ("events", "lookback", dated, "/api/events", None),
        ("events", "full", dated, "/api/events", "FULL_TABLE"),
    ],
)
def test_what_is_under_way_is_merged_into_what_was_over(stream, place, stock, path, method):
    rig = Rig()
    rig.table.merges = True
    stock(rig)
    options = {"stream_options": {stream: {"page_size": 5}}, "method": method}
    for _ in range(2):
        # Once it has been under way and is over, it is null; then it is under way again.
        rig.sandbox.faults.add(Fault("throttle", on=frozenset({4}), value=QUOTA, path=path))
        rig.sync(stream, **options)
        rig.sandbox.reset()
        rig.later(hours=1)
        assert not rig.sync(stream, **options).failures
        assert rig.bookmarks[stream].get(place) is None
        rig.later(hours=25)
    rig.sandbox.faults.add(Fault("throttle", on=frozenset({4}), value=QUOTA, path=path))
    rig.sync(stream, **options)
    assert isinstance(rig.bookmarks[stream][place], list)
    rig.sandbox.reset()
    rig.later(hours=25)
    assert not rig.sync(stream, **options).failures
    kind = "event" if stream == "events" else "coupon-code"
    assert {key for (key,) in rig.rows(stream)} == {one.id for one in rig.shop.resources(kind)}
