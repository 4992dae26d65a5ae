"""The end of a run: a table that fits, failures with what to do, one verdict; the same for a program."""

import json

import pytest

from tap_klaviyo.http import Tally
from tap_klaviyo.http.errors import PermissionDeniedError, UnreachableError
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sync.board import Board
from tap_klaviyo.sync.incomplete import IncompleteError
from tap_klaviyo.sync.outcome import Ending, Outcome, Status
from tap_klaviyo.sync.range import Range
from tap_klaviyo.sync.summary import summary, table, verdict
from tests.no_data_loss.rig import NOON, Rig

OUTCOMES = [
    Outcome(
        stream="events",
        status=Status.OK,
        records=200_000,
        bookmark="2026-03-01T11:59:58+00:00",
        requests=254,
        received=280_100_000,
        retries=2,
        waited=180,
        took=31.4,
    ),
    Outcome(
        stream="coupons",
        status=Status.SKIPPED,
        requests=1,
        brief="scope coupons:read",
        reason="the key has no scope coupons:read; add it",
    ),
    Outcome(
        stream="profiles", status=Status.FAILED, records=12, requests=3, reason="GET /api/profiles: run again later"
    ),
]


def test_the_whole_end_of_a_run():
    assert list(summary(OUTCOMES, 14, 120, "exit 1")) == [
        "stream    status   records  requests  took  bookmark          waited  received  retries",
        "events    ok       200,000       254  31 s  2026-03-01 11:59   3 min  280.1 MB        2",
        "coupons   skipped        0         1   0 s                       0 s       0 B        0",
        "profiles  failed        12         3   0 s                       0 s       0 B        0",
        "coupons: skipped: the key has no scope coupons:read; add it",
        "profiles: failed: GET /api/profiles: run again later",
        (
            "3 streams: 1 ok, 1 skipped (coupons: scope coupons:read), 1 failed (profiles), 14 not selected; "
            "200,012 records, 258 requests; exit 1"
        ),
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_the_table_fits(width):
    longest = Outcome(stream="profile_suppression_bulk_create_jobs", status=Status.NOT_REACHED)
    assert max(map(len, table(OUTCOMES, width))) <= max(width, 26)
    assert max(map(len, table([*OUTCOMES, longest], 80))) <= 80


def test_one_stream_is_one():
    assert verdict(OUTCOMES[:1], 0, "exit 0") == "1 stream: 1 ok; 200,000 records, 254 requests; exit 0"


@pytest.mark.parametrize(
    ("error", "skips", "status"),
    [
        (PermissionDeniedError("no", label="", scopes=("coupons:read",), reason=None), True, Status.SKIPPED),
        (PermissionDeniedError("no", label="", scopes=("coupons:read",), reason=None), False, Status.FAILED),
        (IncompleteError("1 parent", denied=False), True, Status.INCOMPLETE),
        (IncompleteError("1 parent", denied=True), True, Status.SKIPPED),
        (UnreachableError("no", label="", status=500, reason="500"), True, Status.FAILED),
        (ZeroDivisionError(), True, Status.FAILED),
    ],
)
def test_how_a_stream_ended(error, skips, status):
    assert Ending.of(error, "said", skips_denied=skips).status is status


def test_every_status_comes_from_a_sync(tmp_path):
    rig = Rig()
    rig.put("list", "L1", name="", updated=NOON.isoformat())
    rig.sandbox.faults.add(Fault("error", rate=1.0, value=500, path="/api/segments"))
    rig.sandbox.faults.add(Fault("error", rate=1.0, value=403, path="/api/tags"))
    path = tmp_path / "report.json"
    tap = rig.tap("lists", "segments", "tags", retry=0, report_file=str(path))
    rig.messages(tap)
    tap.log_summary()
    report = json.loads(path.read_text())
    assert {one["stream"]: (one["status"], one["records"]) for one in report["streams"]} == {
        "lists": ("ok", 1),
        "segments": ("failed", 0),
        "tags": ("skipped", 0),
    }
    assert report["exit_code"] == 1
    assert report["verdict"].endswith("exit 1")
    assert all((one["reason"] is None) == (one["status"] == "ok") for one in report["streams"])


def test_what_a_stopped_run_did_not_reach():
    board = Board()
    board.expect({"lists": True, "tags": True, "coupons": False})
    board.begin("lists", Range(None, None, NOON), Tally())
    assert [one.status for one in board.outcomes({})] == [Status.STOPPED, Status.NOT_REACHED]


def test_a_report_that_cannot_be_written_is_one_warning(tmp_path, caplog):
    board = Board(str(tmp_path / "missing" / "report.json"))
    board.expect({"lists": True})
    board.log_summary({}, 0)
    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == [
        f"the report cannot be written to '{tmp_path}/missing/report.json': No such file or directory"
    ]


def test_a_terminal_gets_the_table_alone(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    board = Board(goes_on=True)
    board.expect({"lists": True})
    board.log_summary({}, 0)
    assert capsys.readouterr().err.splitlines() == [
        "stream  status       records  requests",
        "lists   not reached        0         0",
        "1 stream: 1 not reached; 0 records, 0 requests; polling goes on",
    ]
