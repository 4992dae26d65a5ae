"""The pictures of a loaded DuckDB file show what the sandbox's shop holds: not a line of the tap is in the truth."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter, defaultdict
from datetime import datetime
from html import unescape
from itertools import accumulate
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox import Shop
from tests.browser import seen
from tests.targets.installed import installed

EXAMPLE = Path(__file__).parents[2] / "examples" / "pictures"
REQUIREMENTS = [line for line in (EXAMPLE / "requirements.txt").read_text().splitlines() if line[0] != "#"]
PICTURE = EXAMPLE / "pictures.svg"  # that of the README
ZONE = ZoneInfo("US/Eastern")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Points at a bar, and says what is there.
LOOK = """
def look(page, url):
    page.goto(url)
    page.wait_for_selector("svg.marks")
    marks = page.locator("svg.marks path[aria-label]")
    labels = marks.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    page.locator("svg.marks path[aria-label^='revenue']").first.hover()
    tooltip = page.locator("#vg-tooltip-element.visible").inner_text()
    return {"title": page.title(), "labels": labels, "tooltip": tooltip, "bold": page.locator("b").count()}
"""


@pytest.fixture(scope="module")
def loaded(duckdb_loaded):
    """The DuckDB file."""
    warehouse, _ = duckdb_loaded
    return warehouse.config.with_name("warehouse.duckdb")


def drawn(warehouse, folder):
    """The page that the example writes of a file, and the picture of it."""
    python = installed(*REQUIREMENTS) / "bin" / "python"
    page, picture = folder / "page.html", folder / "page.svg"
    command = [python, EXAMPLE / "pictures.py", warehouse, "--html", page, "--svg", picture]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return page, picture


@pytest.fixture(scope="module", params=["on the README", pytest.param("drawn again", marks=pytest.mark.long)])
def marks(request, tmp_path_factory):
    """What each mark of the picture stands for: its fields and their values, as the picture itself says."""
    picture = PICTURE
    if request.param == "drawn again":
        _, picture = drawn(request.getfixturevalue("loaded"), tmp_path_factory.mktemp("pictures"))
    labels = map(unescape, re.findall(r'aria-label="([^"]*)"', picture.read_text(encoding="utf-8")))
    found = [dict(re.findall(r"([\w -]+(?: \([\w-]+\))?): ([^;]*)(?:; |$)", label)) for label in labels]
    return [one for one in found if {"events", "members", "profiles"} & one.keys()]


@pytest.fixture(scope="module")
def shop():
    return Shop()


def happened(shop, *metrics):
    """The shop's events of some metrics, but for those to come, each with its time at the shop."""
    named = {metric.id for metric in shop.resources("metric") if metric.attributes["name"] in metrics}
    events = (event for event in shop.resources("event") if named & {*shop.related(event, "metric")})
    timed = ((event, datetime.fromisoformat(event.attributes["datetime"]).astimezone(ZONE)) for event in events)
    return [(event, time) for event, time in timed if time.year < 2099]


def revenue(event):
    """What an order came to; what is no number came to nothing."""
    properties = event.attributes["event_properties"]
    found = (re.fullmatch(r"-?\d+(\.\d+)?", str(properties.get(name))) for name in ("$value", "value"))
    return next((float(one[0]) for one in found if one), 0.0)


def credits_of(shop, event, kind):
    """The campaign or flow that an event is credited to."""
    attributions = (shop.get("attribution", one) for one in shop.related(event, "attributions"))
    return [to for one in attributions for to in shop.related(one, kind)]


@pytest.mark.parametrize("kind", ["campaign", "flow"])
def test_revenue_of_campaigns_and_flows_is_the_shop_s(marks, shop, kind):
    truth: dict[str, float] = defaultdict(float)
    for event, _ in happened(shop, "Placed Order"):
        for to in credits_of(shop, event, kind):
            truth[to] += revenue(event)
    most = sorted(truth.items(), key=lambda pair: (-round(pair[1], 2), pair[0]))[:8]
    bars = [mark for mark in marks if "revenue" in mark and mark.get("id") in truth]
    assert [mark["id"] for mark in bars] == [to for to, _ in most]
    assert [float(mark["revenue"]) for mark in bars] == pytest.approx([value for _, value in most])
    assert [mark["name"] for mark in bars] == [shop.get(kind, to).attributes["name"] for to, _ in most]


def test_revenue_by_month_is_all_of_it(marks, shop):
    truth: dict[tuple[str, str], float] = defaultdict(float)
    for event, time in happened(shop, "Placed Order"):
        credited = [f"{kind}s" for kind in ("campaign", "flow") if credits_of(shop, event, kind)] or ["neither"]
        truth[f"{time:%b %Y}", credited[0]] += revenue(event)
    bars = {(mark["month"], mark["credited"]): float(mark["revenue"]) for mark in marks if "credited" in mark}
    assert bars == pytest.approx(dict(truth))
    assert {credited for _, credited in bars} == {"campaigns", "flows", "neither"}


def test_lists_grow_as_profiles_joined(marks, shop):
    joined: dict[str, Counter[datetime]] = defaultdict(Counter)
    for group, _, since in shop.memberships("list"):
        time = datetime.fromisoformat(since).astimezone(ZONE)
        joined[group][time.replace(day=1, hour=0, minute=0, second=0, microsecond=0)] += 1
    largest = sorted(joined, key=lambda group: (-joined[group].total(), group))[:6]
    points = [mark for mark in marks if "members" in mark]
    assert {mark["id"] for mark in points} == {*largest}
    for group in largest:
        shown = {mark["month"]: int(mark["members"]) for mark in points if mark["id"] == group}
        months = sorted(joined[group])
        members = accumulate(joined[group][month] for month in months)
        assert [shown[f"{month:%b %Y}"] for month in months] == [*members]
    assert len({mark["list"] for mark in points}) == len(largest), "lists of one name are told apart by their ids"


def test_consent_is_that_of_every_profile(marks, shop):
    truth: Counter[tuple[str, str]] = Counter()
    for profile in shop.resources("profile"):
        for channel in ("email", "sms", "mobile_push", "whatsapp"):
            said = (profile.attributes.get("subscriptions") or {}).get(channel) or {}
            consent = (said.get("marketing") or {}).get("consent") or "not said"
            truth[channel, consent.lower().replace("_", " ")] += 1
    bars = [mark for mark in marks if "profiles" in mark]
    assert {(mark["channel"], mark["consent"]): int(mark["profiles"]) for mark in bars} == truth


def test_hours_are_the_shop_s_own(marks, shop):
    truth = Counter((DAYS[time.weekday()], time.hour) for _, time in happened(shop, "Opened Email", "Clicked Email"))
    cells = [mark for mark in marks if "hour" in mark]
    assert {(mark["day"], int(mark["hour"])): int(mark["events"]) for mark in cells} == truth
    assert len(truth) > 100


@pytest.mark.long
def test_a_browser_shows_it_and_nothing_leaves_the_page(loaded, tmp_path):
    copy = shutil.copy(loaded, tmp_path / "odd.duckdb")
    rename = "update klaviyo.campaigns set name = '</script><b>'"
    odd = f"import duckdb, sys; duckdb.connect(sys.argv[1]).execute({rename!r})"
    subprocess.run([installed(*REQUIREMENTS) / "bin" / "python", "-c", odd, copy], check=True)
    page, _ = drawn(copy, tmp_path)
    found = seen(page.as_uri(), LOOK)
    assert (found["wrong"], found["loaded"], found["bold"]) == ([], [page.as_uri()], 0)
    assert found["title"] == "Klaviyo: Placed Order"
    bars = [label for label in found["labels"] if "name: </script><b> (" in label]
    assert len(bars) == 8, "campaigns of one name are told apart by their ids"
    assert "</script><b> (" in found["tooltip"]
