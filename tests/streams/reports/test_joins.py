"""What reports and aggregates name is there to be joined: no key is null or empty, each id is that of a row."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo.streams.reports.response import NONE
from tests.streams.reports.syncs import sandbox_in, sync
from tools.relations import tables

if TYPE_CHECKING:
    from tests.streams.reports.syncs import Synced

REPORTS = ("campaign_values_report", "flow_values_report", "flow_series_report")
# A dimension of Klaviyo's, and the stream whose ids are its values.
DIMENSIONS = {
    "$attributed_flow": "flows",
    "$flow": "flows",
    "$attributed_variation": None,
    "$attributed_channel": None,
    "Campaign Name": None,
    "Email Domain": None,
}
NAMED = ("campaigns", "campaign_messages", "flows", "flow_messages", "metrics", "templates")
CONFIG: dict[str, Any] = {
    "start_date": "2025-03-01T00:00:00Z",
    "end_date": "2025-05-01T00:00:00Z",
    "metric_aggregates": [
        {"name": f"by_{number}", "metric": "Placed Order" if "$attr" in by else "Opened Email", "by": [by]}
        for number, by in enumerate(DIMENSIONS)
    ],
}


@cache
def synced() -> Synced:
    """One sync of the reports, of aggregates, and of what they name."""
    names = [entry["name"] for entry in CONFIG["metric_aggregates"]]
    return sync(sandbox_in("America/New_York", events=9000), CONFIG, *REPORTS, *names, *NAMED)


def ids(stream):
    return {record["id"] for record in synced().records(stream)}


@pytest.mark.parametrize("report", REPORTS)
def test_what_a_report_names_is_there(report):
    rows = synced().rows(report)
    assert len(rows) > 10
    assert all(part for key in rows for part in key)
    references = tables()[report].references
    assert references
    for reference in references:
        named = {row[reference.column] for row in rows.values()} - {NONE}
        assert named
        assert named <= ids(reference.stream), reference


def test_messages_of_values_reports_are_their_campaigns_and_join_those():
    rows = synced().rows("campaign_values_report").values()
    assert {row["campaign_message_id"] == row["campaign_id"] for row in rows} == {True}
    assert not {row["campaign_message_id"] for row in rows} & ids("campaign_messages")
    assert "campaign_message_id" not in {one.column for one in tables()["campaign_values_report"].references}


@pytest.mark.parametrize(("number", "dimension"), [*enumerate(DIMENSIONS)])
def test_what_aggregates_name_is_there(number, dimension):
    rows = synced().rows(f"by_{number}")
    assert len(rows) > 10
    assert all(part for key in rows for part in key)
    assert {row["metric_id"] for row in rows.values()} <= ids("metrics")
    stream = DIMENSIONS[dimension]
    column = dimension.removeprefix("$").replace(" ", "_").lower()
    values = {row[column] for row in rows.values()}
    if stream is not None:
        assert values - {NONE}
        assert values - {NONE} <= ids(stream)


@pytest.mark.parametrize("stream", ["campaign_messages", "flow_messages"])
def test_templates_of_messages_are_there(stream):
    used = {record["template_id"] for record in synced().records(stream)} - {None}
    assert used
    assert used <= ids("templates")
