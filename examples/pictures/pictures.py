"""Pictures of a loaded DuckDB file: `python pictures.py demo.duckdb` writes `pictures.html`, a page on its own."""

from __future__ import annotations

import argparse
import html
import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import altair as alt
import duckdb
import vl_convert

HERE = Path(__file__).parent
WIDTH, HALF = 900, 375
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
# Grey is what nobody has to look at.
CREDITED = {"campaigns": "#4c78a8", "flows": "#f58518", "neither": "#d5d8dc"}
CONSENT = {"subscribed": "#54a24b", "unsubscribed": "#e45756", "never subscribed": "#d5d8dc", "not said": "#eeeff1"}
# The menu saves pictures; its other items would send somebody's revenue to a drawing service.
OPTIONS = {"renderer": "svg", "actions": {"export": True, "source": False, "compiled": False, "editor": False}}

MONTH = alt.Tooltip("month:T", timeUnit="utcyearmonth", title="month")

Rows = list[dict[str, Any]]


class Warehouse:
    """The tables of one schema, asked in the account's time zone."""

    def __init__(self, file: str, schema: str, metric: str) -> None:
        self._connection = duckdb.connect(file, read_only=True)
        self._connection.execute(f'use "{schema}"')
        (self.account,) = self._rows("select timezone, preferred_currency as currency from accounts", {})
        now = datetime.now(UTC).replace(tzinfo=None)
        self._parameters = {"metric": metric, "zone": self.account["timezone"], "now": now}

    def ask(self, query: str) -> Rows:
        """Return the rows of a file of `queries`."""
        text = (HERE / "queries" / f"{query}.sql").read_text(encoding="utf-8")
        return self._rows(text, {name: value for name, value in self._parameters.items() if f"${name}" in text})

    def _rows(self, text: str, parameters: dict[str, Any]) -> Rows:
        found = self._connection.execute(text, parameters)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def base(rows: Rows, title: str, width: int, height: int) -> alt.Chart:
    """Return an empty chart of rows."""
    return alt.Chart(alt.InlineData(values=rows), title=title, width=width, height=height)


def coloured(field: str, colours: dict[str, str]) -> alt.Color:
    """Return a colour of its own for each value, said below the chart; others get one too."""
    found = alt.Color(field, title=None, legend=alt.Legend(orient="bottom", columns=4))
    return found.scale(domain=[*colours], range=[*colours.values()])


def months(rows: Rows, metric: str, currency: str) -> alt.Chart:
    """Return revenue by month, cut by what it is credited to."""
    return (
        base(rows, f"{metric}, {currency} by month", WIDTH, 130)
        .mark_bar()
        .encode(
            alt.X("month:O", timeUnit="utcyearmonth", title=None),
            alt.Y("revenue:Q", title=None),
            coloured("credited:N", CREDITED),
            tooltip=[MONTH, "credited:N", alt.Tooltip("revenue:Q", format=",.2f"), "events:Q"],
        )
    )


def credited(rows: Rows, what: str, currency: str) -> alt.Chart:
    """Return the campaigns or flows with most revenue."""
    return (
        base(rows, f"{what.capitalize()}, {currency} credited", HALF, 150)
        .mark_bar(color=CREDITED[what])
        .encode(
            alt.X("revenue:Q", title=None, axis=alt.Axis(tickCount=5)),
            alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=110)),
            tooltip=["name:N", "id:N", alt.Tooltip("revenue:Q", format=",.2f"), "events:Q"],
        )
    )


def lists(rows: Rows) -> alt.Chart:
    """Return how lists grew."""
    return (
        base(rows, "Members of lists, by when they came", HALF, 150)
        .mark_line(point=True)
        .encode(
            alt.X("month:T", scale=alt.Scale(type="utc"), title=None, axis=alt.Axis(format="%b %Y", tickCount=5)),
            alt.Y("members:Q", title=None),
            alt.Color("list:N", title=None, legend=alt.Legend(orient="bottom", columns=2, labelLimit=150)),
            tooltip=["list:N", "id:N", MONTH, "members:Q"],
        )
    )


def consent(rows: Rows) -> alt.Chart:
    """Return who may be written to, by channel."""
    return (
        base(rows, "Consent to marketing, profiles", HALF, 150)
        .mark_bar()
        .encode(
            alt.X("profiles:Q", title=None, axis=alt.Axis(tickCount=5)),
            alt.Y("channel:N", title=None),
            coloured("consent:N", CONSENT),
            tooltip=["channel:N", "consent:N", "profiles:Q"],
        )
    )


def hours(rows: Rows, zone: str) -> alt.Chart:
    """Return when e-mails are opened and clicked."""
    named = [{**row, "day": DAYS[row["weekday"] - 1]} for row in rows]
    return (
        base(named, f"Opens and clicks by hour, {zone}", WIDTH, 126)
        .mark_rect()
        .encode(
            alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0)).scale(domain=[*range(24)]),
            alt.Y("day:O", title=None).scale(domain=DAYS),
            alt.Color(
                "events:Q", title=None, legend=alt.Legend(orient="bottom", direction="horizontal", gradientThickness=8)
            ).scale(scheme="blues"),
            tooltip=["day:O", "hour:O", "events:Q"],
        )
    )


def page(warehouse: Warehouse, metric: str) -> alt.VConcatChart:
    """Return all pictures, one below the other."""
    currency = warehouse.account["currency"]
    halves = [credited(warehouse.ask(what), what, currency) for what in ("campaigns", "flows")]
    rows = [halves, [lists(warehouse.ask("lists")), consent(warehouse.ask("consent"))]]
    return (
        alt.vconcat(
            months(warehouse.ask("months"), metric, currency),
            *(alt.hconcat(*row).resolve_scale(color="independent") for row in rows),
            hours(warehouse.ask("hours"), warehouse.account["timezone"]),
        )
        .resolve_scale(color="independent")
        .configure(background="white", padding=16, font="sans-serif")
        .configure_view(stroke=None)
        .configure_title(anchor="start", frame="group", fontSize=15)
        .configure_concat(spacing=28)
    )


def written(chart: alt.VConcatChart, title: str) -> str:
    """Return the chart as a page on its own."""
    # A campaign may be named </script>.
    parts = {"spec": chart.to_json(indent=None), "options": json.dumps(OPTIONS)}
    safe = {name: text.replace("<", "\\u003c") for name, text in parts.items()}
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return template.substitute(title=html.escape(title), scripts=vl_convert.javascript_bundle(), **safe)


def main() -> None:
    """Write the page, and a picture of it if one is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="the DuckDB file")
    parser.add_argument("--schema", default="klaviyo", help="the schema that the target loads into")
    parser.add_argument("--metric", default="Placed Order", help="name or id of the metric that is revenue")
    parser.add_argument("--html", default="pictures.html", help="where the page is written")
    parser.add_argument("--svg", help="where a picture of the page is written")
    asked = parser.parse_args()
    chart = page(Warehouse(asked.file, asked.schema, asked.metric), asked.metric)
    Path(asked.html).write_text(written(chart, f"Klaviyo: {asked.metric}"), encoding="utf-8")
    if asked.svg:
        Path(asked.svg).write_text(vl_convert.vegalite_to_svg(chart.to_json()) + "\n", encoding="utf-8")
    print(f"written: {asked.html}{f', {asked.svg}' if asked.svg else ''}")


if __name__ == "__main__":
    main()
