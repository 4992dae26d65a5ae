"""Two requests per minute and 225 per day: counted before, kept, and gone on with tomorrow."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_klaviyo.contract import Limits
from tap_klaviyo.streams.reports.duration import duration
from tests.http.wire import FakeTime
from tests.streams.reports.syncs import NOW, asked, run_within_limits, sandbox_in, sync, tap_of

if TYPE_CHECKING:
    from collections.abc import Mapping

DAILY = {"name": "daily", "report": "segment_values", "window": "day", "statistics": ["members_added"]}
CONFIG: Mapping[str, Any] = {"auth_token": "pk_made_up", "start_date": "2024-10-01T00:00:00Z", "reports": [DAILY]}
PATH = "/api/segment-values-reports"
REAL = {"api_url": "https://a.klaviyo.com"}


TOO_MANY = "exceed the daily quota"
OLDEST = "reading the oldest first; run again"


@pytest.mark.parametrize(
    ("requests", "share", "said"),
    [
        (1, 1, "1 request, within a minute (2 per minute, 225 per day)"),
        (3, 1, "3 requests, about 1 minute (2 per minute, 225 per day)"),
        (225, 1, "225 requests, about 112 minutes (2 per minute, 225 per day)"),
        (226, 1, f"226 requests {TOO_MANY} (2 per minute, 225 per day): {OLDEST} tomorrow"),
        (451, 1, f"451 requests {TOO_MANY} (2 per minute, 225 per day): {OLDEST} on each of the next 2 days"),
        (113, 0.5, f"113 requests {TOO_MANY} (1 per minute, 112 per day): {OLDEST} tomorrow"),
    ],
)
def test_what_is_said_before_the_first_request(requests: int, share: float, said: str) -> None:
    assert duration(requests, Limits(1, 2, 225), share) == said


def test_where_there_is_no_daily_quota_none_is_named() -> None:
    assert duration(61, Limits(3, 60), 1) == "61 requests, about 1 minute (60 per minute)"


def test_a_backfill_goes_on_where_the_quota_of_the_day_ended(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = sandbox_in("America/New_York", events=10, profiles=60)
    time = FakeTime()
    with caplog.at_level(logging.INFO):
        first = run_within_limits(tap_of({**CONFIG, **REAL}, "daily"), sandbox, time)
    assert asked(sandbox, PATH) == 225
    assert first.failures == ["daily"]
    assert any("257 requests exceed the daily quota" in line for line in caplog.messages)
    (line,) = [line for line in caplog.messages if "is used up until" in line]
    assert "225 of 257 windows were read and saved in the state; the next run continues from there" in line
    # The oldest first, and the state says no more than what was read.
    assert first.bookmark("daily") == max(row["read_through"] for row in first.records("daily")) == "2025-05-13"
    tomorrow = tap_of({**CONFIG, **REAL}, "daily", state=first.state, now=NOW + timedelta(days=1))
    time.now += 86_400
    second = run_within_limits(tomorrow, sandbox, time)
    assert second.failures == []
    assert second.bookmark("daily") == "2025-06-15"
    whole = sync(sandbox, {**CONFIG, "api_url": "sandbox://"}, "daily", now=NOW + timedelta(days=1))
    assert {**first.rows("daily"), **second.rows("daily")} == whole.rows("daily")


def test_a_full_table_goes_on_where_the_quota_of_the_day_ended() -> None:
    sandbox, time = sandbox_in("UTC", events=10, profiles=60), FakeTime()
    first = run_within_limits(tap_of({**CONFIG, **REAL}, "daily", method="FULL_TABLE"), sandbox, time)
    assert first.failures == ["daily"]
    tomorrow = NOW + timedelta(days=1)
    time.now += 86_400
    second = run_within_limits(
        tap_of({**CONFIG, **REAL}, "daily", method="FULL_TABLE", state=first.state, now=tomorrow), sandbox, time
    )
    assert second.failures == []
    assert asked(sandbox, PATH) == 225 + 33, "days that were read are not read again"
    whole = sync(sandbox, {**CONFIG, "api_url": "sandbox://"}, "daily", now=tomorrow)
    assert {**first.rows("daily"), **second.rows("daily")} == whole.rows("daily")
    versions = {one.get("version") for run in (first, second) for one in run.messages if one["type"] == "RECORD"}
    assert len(versions) == 1
    assert None not in versions


def test_requests_of_a_report_keep_within_two_a_minute() -> None:
    sandbox = sandbox_in("UTC", events=10, profiles=60)
    time = FakeTime()
    config = {**CONFIG, **REAL, "start_date": "2025-06-01T00:00:00Z"}
    begin = time.now
    run_within_limits(tap_of(config, "daily"), sandbox, time)
    assert asked(sandbox, PATH) == 14
    assert time.now - begin >= 6 * 60


def test_reports_of_one_kind_share_its_quota() -> None:
    sandbox = sandbox_in("UTC", events=10, profiles=60)
    other = {**DAILY, "name": "other"}
    config = {**CONFIG, **REAL, "start_date": "2025-01-25T00:00:00Z", "reports": [DAILY, other], "max_workers": 1}
    synced = run_within_limits(tap_of(config, "daily", "other"), sandbox, FakeTime())
    assert asked(sandbox, PATH) == 225
    assert synced.failures == ["other"]
    assert synced.bookmark("daily") == "2025-06-14"
    assert synced.bookmark("other") == max(row["read_through"] for row in synced.records("other"))


def test_a_quota_that_others_have_used_up_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = sandbox_in("UTC", events=10, profiles=60)
    genuine = sandbox.handle

    def throttled(
        method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        if method == "POST" and len(sandbox.asked) == 3:
            refusal = {"errors": [{"status": 429, "code": "throttled", "detail": "Request was throttled."}]}
            return 429, {"Retry-After": "73473"}, json.dumps(refusal).encode()
        return genuine(method, target, headers, body)

    sandbox.handle = throttled  # type: ignore[method-assign]
    time = FakeTime()
    begin = time.now
    synced = run_within_limits(tap_of({**CONFIG, **REAL}, "daily"), sandbox, time)
    assert synced.failures == ["daily"]
    assert synced.bookmark("daily") == "2024-10-03"
    assert time.now - begin < 600
    assert any("3 of 257 windows were read and saved in the state" in line for line in caplog.messages)
