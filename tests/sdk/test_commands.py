"""What the command line offers beside a sync: a trial of the key, schemas, a description, a catalog."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from unittest import mock
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner

from tap_klaviyo import cli, contract
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http.errors import KlaviyoError, UnauthorizedError, UnreachableError
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sync.stopping import Stopping
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import TODAY

EVERYTHING = {scope for endpoint in contract.newest().endpoints().values() for scope in endpoint.scopes}
MOST_ROWS = 5


@pytest.fixture(scope="module")
def shop():
    return Shop(events=40, profiles=20)


@pytest.fixture
def settings(tmp_path):
    """Write settings; return the arguments that name them."""

    def written(**more):
        path = tmp_path / "config.json"
        path.write_text(json.dumps({"api_url": "sandbox://", **more}))
        return ["--config", str(path)]

    return written


@pytest.fixture
def selecting(tmp_path):
    """Write a catalog in which some streams are selected, whole; return the arguments that name it."""

    def written(*names):
        catalog = TapKlaviyo(config={"api_url": "sandbox://"}).catalog_dict
        for entry in catalog["streams"]:
            for item in entry["metadata"]:
                item["metadata"]["selected"] = not names or entry["tap_stream_id"] in names
        path = tmp_path / "catalog.json"
        path.write_text(json.dumps(catalog))
        return ["--catalog", str(path)]

    return written


def run(sandbox, *arguments):
    with mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox):
        return CliRunner().invoke(TapKlaviyo.cli, [*arguments])


def table(result):
    """The rows of the table: by stream the cells after its name."""
    lines = result.stdout.partition("\n\n")[0].splitlines()
    assert lines[0].split() == ["stream", "scopes", "result", "first", "row"]
    starts = [lines[0].index(word) for word in ("stream", "scopes", "result", "first row")]
    cells = [[line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for line in lines[1:]]
    return {name: rest for name, *rest in cells}


def test_a_trial_asks_what_is_selected_a_small_page_each(shop, settings, selecting):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    # The options may come in any order.
    result = run(sandbox, "--test", *settings(), *selecting("lists", "profiles", "events"))
    assert result.exit_code == 0
    assert {*table(result)} == {"lists", "profiles", "events"}
    assert sorted(logged.path for logged in sandbox.requests) == ["/api/events", "/api/lists", "/api/profiles"]
    sizes = {int(dict(parse_qsl(logged.query))["page[size]"]) for logged in sandbox.requests}
    assert max(sizes) <= MOST_ROWS
    assert table(result)["lists"][:2] == ["lists:read", "ok"]
    assert table(result)["lists"][2] in {row.id for row in shop.resources("list")}
    assert "3 streams: 3 ok, 0 not readable" in result.stdout


def test_a_trial_of_everything_follows_no_link_and_spends_one_report(shop, settings, selecting):
    sandbox = Sandbox(shop)
    result = run(sandbox, *settings(), *selecting(), "--test")
    assert result.exit_code == 0
    streams = table(result)
    assert len(streams) == len(TapKlaviyo(config={"api_url": "sandbox://"}).streams)
    # The report asks for its metric by name.
    assert {logged.path for logged in sandbox.requests if "page%5Bcursor%5D" in logged.query} == {"/api/metrics"}
    assert len([logged for logged in sandbox.requests if logged.method == "POST"]) == 1
    assert len(sandbox.requests) < 2.5 * len(streams)
    results = [found for _, found, _ in streams.values()]
    assert results.count("not asked: daily quota") == 6
    assert results.count("ok") == len(streams) - 6


@pytest.mark.parametrize(
    ("options", "listed"),
    [({"metrics": ["Opened Email"]}, True), ({"exclude_metrics": ["abcdef"]}, True), ({"metrics": ["IugAJM"]}, False)],
)
def test_a_trial_says_what_the_names_of_metrics_take(shop, settings, selecting, options, listed):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    arguments = [*settings(stream_options={"events": options}), *selecting("event_attributions", "events")]
    rows = table(run(sandbox, *arguments, "--test"))
    assert ("metrics:read" in rows["event_attributions"][0]) is False
    assert ("metrics:read" in rows["events"][0]) is listed


def test_a_trial_of_aggregates_asks_for_as_few_rows_as_they_give(shop, settings):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    entry = {"name": "mine", "metric": "Opened Email", "measurements": ["count"]}
    result = run(sandbox, *settings(metric_aggregates=[entry]), "--test")
    assert table(result)["mine"][1] == "ok"
    assert [logged.path for logged in sandbox.requests].count("/api/metric-aggregates") == 1


def test_a_trial_lists_all_that_the_key_lacks_at_once(shop, settings):
    lacking = {"coupons:read", "metrics:read", "tags:read"}
    sandbox = Sandbox(shop, access=Access(scopes={"": EVERYTHING - lacking}), now=lambda: TODAY)
    result = run(sandbox, *settings(), "--test")
    assert result.exit_code == 1
    streams = table(result)
    assert streams["coupons"][1] == "missing coupons:read"
    # Its codes are asked for by coupon, so whether the key may read those is not known.
    assert streams["coupon_codes"][1] == "missing coupons:read; not tried coupon-codes:read"
    assert streams["list_tags"][1] == "missing tags:read"  # and not lists:read, by which the lists came
    assert streams["events"][1] == "ok, without metric_name: missing metrics:read"
    assert streams["lists"][1] == "ok"
    verdict = result.stdout.splitlines()[-1]
    assert verdict.endswith("; the key lacks coupons:read, metrics:read, tags:read; not tried coupon-codes:read")


def test_a_key_that_may_read_nothing_is_told_every_scope(shop, settings):
    sandbox = Sandbox(shop, access=Access(scopes={"": set()}), now=lambda: TODAY)
    result = run(sandbox, *settings(), "--test")
    verdict = result.stdout.splitlines()[-1]
    needed = {scope for cells in table(result).values() for scope in cells[0].split(", ")}
    assert {*re.findall(r"[a-z-]+:read", verdict)} == needed


def test_a_trial_of_children_asks_for_those_of_one_parent(shop, settings, selecting):
    lacking = {"profiles:read"}
    sandbox = Sandbox(shop, access=Access(scopes={"": EVERYTHING - lacking}), now=lambda: TODAY)
    result = run(sandbox, *settings(), *selecting("list_profiles", "list_tags", "flow_messages"), "--test")
    streams = table(result)
    assert streams["list_profiles"][1] == "missing profiles:read"
    assert streams["flow_messages"][1:] != ["ok", "none on its first page"]
    asked = [request.path for request in sandbox.requests]
    assert sum(path.startswith("/api/flow-actions/") for path in asked) == 1


def test_a_trial_of_what_begins_in_the_future_asks_for_nothing(shop, settings, selecting):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    result = run(sandbox, *settings(start_date="2099-01-01T00:00:00Z"), *selecting("reviews"), "--test")
    assert table(result)["reviews"][1:] == ["ok", "none on its first page"]
    assert sandbox.log == []


def test_a_trial_warns_of_nothing_that_was_not_selected(shop, settings, selecting, caplog):
    run(Sandbox(shop, now=lambda: TODAY), *settings(), *selecting("lists"), "--test")
    assert "are not read" not in caplog.text


def test_columns_alone_that_the_key_lacks_do_not_fail_a_trial(shop, settings, selecting):
    sandbox = Sandbox(shop, access=Access(scopes={"": EVERYTHING - {"metrics:read"}}), now=lambda: TODAY)
    result = run(sandbox, *settings(), *selecting("events"), "--test")
    assert result.exit_code == 0
    assert "the key lacks metrics:read" in result.stdout


def test_reports_that_are_not_asked_share_what_is_missing(shop, settings, selecting):
    sandbox = Sandbox(shop, access=Access(scopes={"": EVERYTHING - {"forms:read"}}), now=lambda: TODAY)
    result = run(sandbox, *settings(), *selecting("forms", "flow_values_report", "form_values_report"), "--test")
    assert result.exit_code == 1
    assert table(result)["form_values_report"][1] == "missing forms:read"
    assert table(result)["flow_values_report"][1] == "ok"


def test_a_wrong_key_ends_a_trial_at_once(shop, settings):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("error", rate=1.0, value=401))
    result = run(sandbox, *settings(), "--test")
    assert isinstance(result.exception, UnauthorizedError)
    assert len(sandbox.requests) == 1
    assert result.stdout == ""


def test_nobody_there_ends_a_trial_at_once(shop, settings):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("drop", rate=1.0))
    result = run(sandbox, *settings(retry=0), "--test")
    assert isinstance(result.exception, UnreachableError)
    assert len(sandbox.requests) == 1


def test_one_stream_of_which_nothing_comes_stops_no_other(shop, settings, selecting):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("drop", path="/api/tags", rate=1.0))
    result = run(sandbox, *settings(retry=0), *selecting("lists", "tags", "templates"), "--test")
    assert {name: found for name, (_, found, _) in table(result).items()} == {
        "lists": "ok",
        "tags": "failed",
        "templates": "ok",
    }


def test_what_the_account_does_not_have_is_no_fault_of_the_key(shop, settings, selecting):
    sandbox = Sandbox(shop, access=Access(without_webhooks={""}), now=lambda: TODAY)
    result = run(sandbox, *settings(), *selecting("lists", "webhook_topics"), "--test")
    assert table(result)["webhook_topics"][1] == "not in this account"
    assert result.exit_code == 0


def test_a_custom_stream_is_tried_with_the_scopes_of_its_endpoint(shop, settings):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    result = run(sandbox, *settings(custom_streams=[{"name": "mine", "path": "/api/lists"}]), "--test")
    assert table(result)["mine"][:2] == ["lists:read", "ok"]


def test_a_stream_that_fails_stops_no_other(shop, settings, selecting):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    sandbox.faults.add(Fault("error", path="/api/lists", rate=1.0, value=400))
    result = run(sandbox, *settings(), *selecting("lists", "segments", "list_profiles"), "--test")
    assert result.exit_code == 1
    assert {name: found for name, (_, found, _) in table(result).items()} == {
        "list_profiles": "failed",
        "lists": "failed",
        "segments": "ok",
    }
    assert "\nlists: Klaviyo " in result.stdout
    assert "3 streams: 1 ok, 2 not readable" in result.stdout


@pytest.mark.parametrize("names", [(), ("lists", "form_values_report")])
def test_schemas_are_valid_and_nothing_is_asked(shop, settings, selecting, names):
    sandbox = Sandbox(shop, now=lambda: TODAY)
    result = run(sandbox, *settings(include_account_id=True), *(selecting(*names) if names else ()), "--test=schema")
    assert result.exit_code == 0
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    assert {message["type"] for message in messages} == {"SCHEMA"}
    every = {*names} or {*TapKlaviyo(config={"api_url": "sandbox://"}).streams}
    assert {message["stream"] for message in messages} == every
    for message in messages:
        assert {*message["key_properties"]} <= {*message["schema"]["properties"]}, message["stream"]
        assert message["key_properties"][0] == "account_id"
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"start_date": "soon"}, SettingsError),
        ({"retri": 3}, SettingsError),
        ({"stream_options": {"event": {}}}, SettingsError),
        ({"api_url": "https://a.klaviyo.com", "auth_token": "pk_a", "client_id": "b"}, SettingsError),
        ({"api_url": "https://a.klaviyo.com", "client_id": "b"}, SettingsError),
        ({"api_url": "https://a.klaviyo.com", "auth_token": "pk_a b"}, UnauthorizedError),
        ({"api_url": "http://a.klaviyo.com"}, KlaviyoError),
    ],
)
def test_a_discovery_refuses_what_a_sync_refuses(settings, config, kind):
    for arguments in (["--discover"], []):
        result = CliRunner().invoke(TapKlaviyo.cli, [*settings(**config), *arguments])
        assert isinstance(result.exception, kind), arguments
        assert result.stdout == ""


@pytest.mark.parametrize("options", [{}, {"events": {"metrics": ["Nowhere"], "exclude_metrics": ["Nothing"]}}])
def test_a_discovery_takes_no_key(settings, options):
    arguments = settings(api_url="https://a.klaviyo.com", stream_options=options)
    result = CliRunner().invoke(TapKlaviyo.cli, [*arguments, "--discover"])
    assert result.exit_code == 0


def described(*arguments):
    result = CliRunner().invoke(TapKlaviyo.cli, ["--about", *arguments])
    assert result.exit_code == 0
    return result.stdout


def test_every_format_of_about_says_the_defaults():
    found = json.loads(described("--format=json"))["settings"]["properties"]
    tap = TapKlaviyo(config={"api_url": "sandbox://"})
    defaults = {name: schema["default"] for name, schema in found.items() if schema.get("default") is not None}
    assert {"max_workers", "sweep_every_hours", "flattening_enabled", "flattening_separator"} < defaults.keys()
    assert defaults == {name: tap.config[name] for name in defaults} | {"api_url": "https://a.klaviyo.com"}
    text, page = described(), described("--format=markdown")
    for name, value in defaults.items():
        block = text.partition(f"- Name: {name}\n")[2].partition("- Name:")[0]
        assert f"Default: {json.dumps(value)}\n" in block, name
        assert f"| {name} | False | {value} |" in page, name


def test_help_shows_three_examples():
    text = CliRunner().invoke(TapKlaviyo.cli, ["--help"]).stdout
    assert text.count("\n    tap-klaviyo --config") == 3
    assert "warehouse" in text


def test_a_command_that_cannot_be_set_up_is_one_line_too(caplog, monkeypatch):
    monkeypatch.delenv("SINGER_SDK_LOG_CONFIG", raising=False)

    class Raising:
        def __get__(self, *_):
            raise RuntimeError("odd")  # noqa: EM101

    class Broken(TapKlaviyo):
        cli = Raising()

    with pytest.raises(SystemExit) as end:
        cli.run(Broken, Stopping())
    assert end.value.code == 1
    assert [record.levelname for record in caplog.records if "RuntimeError" in record.getMessage()] == ["ERROR"]


def test_a_tap_of_another_thread_leaves_the_signals_alone():
    before = signal.getsignal(signal.SIGTERM)
    with ThreadPoolExecutor() as pool:
        tap = pool.submit(TapKlaviyo, config={"api_url": "sandbox://"}).result()
    assert signal.getsignal(signal.SIGTERM) is before
    assert tap.streams


def test_it_is_a_module_too():
    done = subprocess.run(
        [sys.executable, "-m", "tap_klaviyo", "--version"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith("tap-klaviyo v")
