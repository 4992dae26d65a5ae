"""The pictures of a loaded DuckDB file show what the sandbox's shop holds: not a line of the tap is in the truth."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter, defaultdict
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tap_klaviyo.sandbox import Shop
from tests.examples.attribution import amount
from tests.targets.installed import installed

EXAMPLE = Path(__file__).parents[2] / "examples" / "pictures"
REQUIREMENTS = [line for line in (EXAMPLE / "requirements.txt").read_text().splitlines() if line[0] != "#"]
BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")
ZONE = ZoneInfo("US/Eastern")
# Opens a page, points at a bar, and says what is there, what was loaded, and what went wrong.
LOOK = """
import json, sys
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page()
    loaded, wrong = [], []
    page.on("request", lambda request: loaded.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(sys.argv[2])
    page.wait_for_selector("svg.marks")
    marks = page.locator("svg.marks path[aria-label]")
    labels = marks.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    page.locator("svg.marks path[aria-label^='revenue']").first.hover()
    tooltip = page.locator("#vg-tooltip-element.visible").inner_text()
    found = {"title": page.title(), "labels": labels, "tooltip": tooltip, "loaded": loaded, "wrong": wrong}
    json.dump({**found, "bold": page.locator("b").count()}, sys.stdout)
    browser.close()
"""


def drawn(warehouse: Path, folder: Path, *options: str) -> str:
    """The page that the example writes of a file."""
    python = installed(*REQUIREMENTS) / "bin" / "python"
    command = [str(python), str(EXAMPLE / "pictures.py"), str(warehouse), "--html", str(folder / "page.html"), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return (folder / "page.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def loaded(duckdb_loaded):
    """The DuckDB file."""
    warehouse, _ = duckdb_loaded
    return warehouse.config.with_name("warehouse.duckdb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def page(loaded, folder):
    return drawn(loaded, folder, "--svg", str(folder / "page.svg"))


@pytest.fixture(scope="module")
def charts(page):
    """The rows behind each picture, by the first words of its title."""
    start = 'vegaEmbed("#pictures", '
    spec, _ = json.JSONDecoder().raw_decode(page, page.index(start) + len(start))
    found = {}
    for row in spec["vconcat"]:
        for chart in row.get("hconcat", [row]):
            title = chart["title"] if isinstance(chart["title"], str) else chart["title"]["text"]
            found[title] = spec["datasets"][chart["data"]["name"]]
    return found


@pytest.fixture(scope="module")
def shop():
    return Shop()


def happened(shop: Shop, *metrics: str) -> list[tuple[Any, datetime]]:
    """The shop's events of some metrics, but for those to come, each with its time at the shop."""
    named = {metric.id for metric in shop.resources("metric") if metric.attributes["name"] in metrics}
    events = (event for event in shop.resources("event") if named & {*shop.related(event, "metric")})
    timed = ((event, datetime.fromisoformat(event.attributes["datetime"]).astimezone(ZONE)) for event in events)
    return [(event, time) for event, time in timed if time.year < 2099]


def revenue(event):
    properties = event.attributes["event_properties"]
    return amount(properties.get("$value")) or amount(properties.get("value"))


def credits_of(shop: Shop, event: Any, kind: str) -> list[str]:
    """The campaign or flow that an event is credited to."""
    attributions = (shop.get("attribution", one) for one in shop.related(event, "attributions"))
    return [to for one in attributions if one is not None for to in shop.related(one, kind)]


@pytest.mark.parametrize("kind", ["campaign", "flow"])
def test_revenue_of_campaigns_and_flows_is_the_shop_s(charts, shop, kind):
    truth: dict[str, float] = defaultdict(float)
    for event, _ in happened(shop, "Placed Order"):
        for to in credits_of(shop, event, kind):
            truth[to] += revenue(event)
    most = sorted(truth.items(), key=lambda pair: (-round(pair[1], 2), pair[0]))[:8]
    rows = charts[f"{kind.capitalize()}s, USD credited"]
    assert [(row["id"], row["revenue"]) for row in rows] == [(to, pytest.approx(value)) for to, value in most]
    assert [row["name"] for row in rows] == [shop.get(kind, to).attributes["name"] for to, _ in most]


def test_revenue_by_month_is_all_of_it(charts, shop):
    truth: dict[tuple[str, str], float] = defaultdict(float)
    for event, time in happened(shop, "Placed Order"):
        credited = [f"{kind}s" for kind in ("campaign", "flow") if credits_of(shop, event, kind)] or ["neither"]
        truth[f"{time:%Y-%m}-01", credited[0]] += revenue(event)
    rows = {(row["month"], row["credited"]): row["revenue"] for row in charts["Placed Order, USD by month"]}
    assert rows == pytest.approx(dict(truth))
    assert {credited for _, credited in rows} == {"campaigns", "flows", "neither"}


def test_lists_grow_as_profiles_joined(charts, shop):
    joined: dict[str, Counter[str]] = defaultdict(Counter)
    for group, _, since in shop.memberships("list"):
        joined[group][f"{datetime.fromisoformat(since).astimezone(ZONE):%Y-%m}-01"] += 1
    rows = charts["Members of lists, by when they came"]
    largest = sorted(joined, key=lambda group: (-joined[group].total(), group))[:6]
    assert [*dict.fromkeys(row["id"] for row in rows)] == sorted(largest)
    for group in largest:
        shown = {row["month"]: row["members"] for row in rows if row["id"] == group}
        months = sorted(joined[group])
        members = accumulate(joined[group][month] for month in months)
        assert {month: shown[month] for month in months} == dict(zip(months, members, strict=True))
        assert [*shown.values()] == sorted(shown.values())
    assert len({row["list"] for row in rows}) == len(largest)


def test_consent_is_that_of_every_profile(charts, shop):
    truth: Counter[tuple[str, str]] = Counter()
    for profile in shop.resources("profile"):
        for channel in ("email", "sms", "mobile_push", "whatsapp"):
            said = (profile.attributes.get("subscriptions") or {}).get(channel) or {}
            consent = (said.get("marketing") or {}).get("consent") or "not said"
            truth[channel, consent.lower().replace("_", " ")] += 1
    rows = charts["Consent to marketing, profiles"]
    assert {(row["channel"], row["consent"]): row["profiles"] for row in rows} == truth


def test_hours_are_the_shop_s_own(charts, shop):
    truth = Counter((time.isoweekday(), time.hour) for _, time in happened(shop, "Opened Email", "Clicked Email"))
    rows = charts["Opens and clicks by hour, US/Eastern"]
    assert {(row["weekday"], row["hour"]): row["events"] for row in rows} == truth
    assert len(truth) > 100


def labels(svg: str) -> list[str]:
    """What a picture says of itself: each mark, with its numbers, and the axes."""
    return re.findall(r'aria-label="([^"]*)"', svg)


def test_the_picture_on_the_readme_is_that_of_the_shop(page, folder):
    assert page
    shown = labels((EXAMPLE / "pictures.svg").read_text(encoding="utf-8"))
    assert shown == labels((folder / "page.svg").read_text(encoding="utf-8")), "draw it again, as its README says"
    assert len(shown) > 300


@pytest.mark.long
def test_a_browser_shows_it_and_nothing_leaves_the_page(loaded, tmp_path):
    copy = shutil.copy(loaded, tmp_path / "odd.duckdb")
    rename = "update klaviyo.campaigns set name = '</script><b>'"
    odd = f"import duckdb, sys; duckdb.connect(sys.argv[1]).execute({rename!r})"
    subprocess.run([installed(*REQUIREMENTS) / "bin" / "python", "-c", odd, copy], check=True)
    drawn(copy, tmp_path)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser, f"this test looks at the page with one of {', '.join(BROWSERS)}"
    python = installed("playwright==1.65.2") / "bin" / "python"
    url = (tmp_path / "page.html").as_uri()
    done = subprocess.run([python, "-c", LOOK, browser, url], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert (seen["wrong"], seen["loaded"], seen["bold"]) == ([], [url], 0)
    assert seen["title"] == "Klaviyo: Placed Order"
    bars = [label for label in seen["labels"] if "name: </script><b> (" in label]
    assert len(bars) == 8, "campaigns of one name are told apart by their ids"
    assert "</script><b> (" in seen["tooltip"]
