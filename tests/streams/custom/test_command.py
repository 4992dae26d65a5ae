"""The settings' own streams through the command line: refused before any request, discovered without a key."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.tap import TapKlaviyo

BAD: list[tuple[dict[str, Any], str]] = [
    ({"custom_streams": [{"name": "ok", "path": "/api/tags"}, {"name": "orders", "path": "/api/x/{id}"}]}, "'orders'"),
    ({"custom_streams": [{"name": "orders", "url": "https://evil.example/api/x"}]}, "'orders'"),
    ({"custom_streams": [{"name": "events", "path": "/api/x"}]}, "'events'"),
    ({"custom_streams": [{"name": "flow_series_report", "path": "/api/x"}]}, "'flow_series_report'"),
    ({"event_streams": [{"name": "orders"}]}, "'orders'"),
    (
        {
            "event_streams": [{"name": "orders", "metric": "Placed Order"}],
            "custom_streams": [{"name": "orders", "path": "/api/x"}],
        },
        "custom_streams[0] 'orders': the name is already taken",
    ),
    ({"custom_streams": [{"name": "orders", "path": "/api/x", "records_path": "$["}]}, "'orders': records_path"),
    ({"custom_streams": {"name": "orders"}}, "custom_streams"),
]


def tap(folder, settings, *arguments):
    (folder / "config.json").write_text(json.dumps(settings))
    return subprocess.run(
        [sys.executable, "-m", "tap_klaviyo.tap", "--config", str(folder / "config.json"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("validate", [True, False], ids=["sync", "discover"])
@pytest.mark.parametrize(("settings", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_entry_is_refused_before_any_request(server, settings, words, validate):
    with pytest.raises(SettingsError) as refused:
        TapKlaviyo(config={**server.config, **settings}, validate_config=validate)
    assert words in str(refused.value)
    assert server.sandbox.asked == []


@pytest.mark.parametrize("arguments", [(), ("--discover",)], ids=["sync", "discover"])
def test_a_bad_entry_is_one_line_on_stderr(tmp_path, server, arguments):
    settings, words = BAD[0]
    done = tap(tmp_path, {**server.config, **settings}, *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = [one for one in done.stderr.splitlines() if "ERROR" in one]
    assert words in line
    assert "Traceback" not in done.stderr
    assert server.sandbox.asked == []


def test_own_streams_are_discovered_without_a_key_and_without_a_request(tmp_path):
    settings = {
        "custom_streams": [{"name": "mine", "path": "/api/lists", "replication_key": "updated"}],
        "event_streams": [{"name": "orders", "metric": "Placed Order"}],
    }
    done = tap(tmp_path, settings, "--discover")
    assert done.returncode == 0
    found = {entry["tap_stream_id"]: entry for entry in json.loads(done.stdout)["streams"]}
    assert found["mine"]["key_properties"] == ["id"]
    assert found["mine"]["replication_key"] == "updated"
    assert found["orders"]["replication_key"] == "datetime"
    assert set(found["orders"]["schema"]["properties"]) == set(found["events"]["schema"]["properties"])


def test_a_revision_that_is_gone_is_named(tmp_path, server):
    entry = {"name": "mine", "path": "/api/lists", "revision": "2022-10-17"}
    done = tap(tmp_path, {**server.config, "custom_streams": [entry], "event_streams": []}, *selected(tmp_path))
    assert done.returncode == 1
    assert "mine: Klaviyo has retired API revision 2022-10-17" in done.stderr


def selected(folder):
    """Return the arguments that leave the stream `mine` alone."""
    entry = {
        "tap_stream_id": "mine",
        "stream": "mine",
        "schema": {"type": "object", "properties": {"id": {"type": "string"}}},
        "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
    }
    (folder / "catalog.json").write_text(json.dumps({"streams": [entry]}))
    return "--catalog", str(folder / "catalog.json")
