"""`stream_options`: what is refused before the first request, and what does as deselection does."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.sandbox import Sandbox, shared
from tap_klaviyo.tap import TapKlaviyo
from tests.selection.syncing import URL, discovered, only, select, sync


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": {}}, "stream_options: unknown stream 'profile'; did you mean 'profiles'?"),
        ({"profiles": []}, "stream_options 'profiles': must be an object"),
        ({"profiles": {"felder": {}}}, "unknown field 'felder'; did you mean 'filter'?"),
        (
            {"profiles": {"include": ["lists"]}},
            "stream_options 'profiles': include: unknown value 'lists'; allowed: conversations, push-tokens",
        ),
        ({"profiles": {"include": {"push-tokens": 1}}}, "include must be a list of strings"),
        ({"profiles": {"include": "push"}}, "include: unknown value 'push'; allowed: "),
        ({"catalog_variants": {"include": ["item"]}}, "include: unknown value 'item'; allowed: nothing"),
        (
            {"profiles": {"additional_fields": ["email"]}},
            "additional_fields: unknown value 'email'; allowed: predictive_analytics, subscriptions",
        ),
        ({"list_profiles": {"additional_fields": ["subscriptions"]}}, "allowed: nothing"),
        (
            {"lists": {"additional_fields": ["count"]}},
            "additional_fields: unknown value 'count'; allowed: profile_count",
        ),
        ({"profiles": {"fields": ["email"]}}, "fields must be an object of lists by type"),
        (
            {"profiles": {"fields": {"Profile": ["email"]}}},
            "fields: unknown type 'Profile'; allowed: profile (a related type only together with its incl",
        ),
        (
            {"events": {"fields": {"profile": ["email"]}}},
            "unknown type 'profile'; allowed: attribution, event, metric (a related type only together with ",
        ),
        ({"tags": {"fields": {"tag": ["nam"]}}}, "fields.tag: unknown value 'nam'; did you mean 'name'?"),
        (
            {"profiles": {"fields": {"profile": ["location.town"]}}},
            "fields.profile: unknown value 'location.town'; did you mean 'location.",
        ),
        ({"profiles": {"fields": {"profile": ["predictive_analytics"]}}}, "unknown value 'predictive_analytics'; "),
        ({"list_profiles": {"fields": {"profile": ["email"]}}}, "allowed: id, joined_group_at"),
        ({"profiles": {"filter": "equals(shoe_size,'9')"}}, "stream_options 'profiles': filter: "),
        ({"lists": {"filter": "less-than(updated,2024-01-01T00:00:00Z)"}}, "greater-than"),
        ({"profiles": {"filter": ""}}, "filter must not be empty"),
        ({"profiles": {"page_size": 101}}, "page_size must be a whole number from 1 to 100"),
        ({"profiles": {"page_size": True}}, "page_size must be a whole number from 1 to 100"),
        ({"profiles": {"page_size": "50"}}, "page_size must be a whole number from 1 to 100"),
        ({"metrics": {"page_size": 10}}, "page_size cannot be set for this stream"),
        ({"events": {"start_date": "soon"}}, "start_date must be a date or a date-time"),
        ({"events": {"start_date": 5}}, "start_date must be a string"),
        ({"lists": {"start_date": "2025-03-01"}}, "start_date cannot be set for this stream"),
        ({"profiles": {"metrics": ["Placed Order"]}}, "metrics cannot be set for this stream: Klaviyo does not filter"),
        ({"metrics": {"exclude_metrics": ["X"]}}, "exclude_metrics cannot be set for this stream"),
        ({"events": {"metrics": []}}, "metrics must be ids or names of metrics, one at least"),
        ({"events": {"exclude_metrics": ["A", " "]}}, "exclude_metrics must be ids or names of metrics"),
        ({"events": {"metrics": [7]}}, "metrics must be a list of strings"),
        ({"events": {"metrics": {"A": 1}}}, "metrics must be a list of strings"),
        (
            {"events": {"metrics": ["Placed Order", "B"], "exclude_metrics": [" placed order"]}},
            "metrics and exclude_metrics both name 'Placed Order'",
        ),
        (
            {"event_attributions": {"metrics": ["A"], "filter": "equals(metric_id,'X')"}},
            "filter: metric_id cannot be combined with metrics or exclude_metrics",
        ),
        (
            {"events": {"metrics": ["A"], "full_table_every_days": 7}},
            "full_table_every_days cannot tell what is gone from what the filter leaves out",
        ),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(SettingsError) as refused:
        _ = TapKlaviyo(config={**URL, "stream_options": options}).streams
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(("stream_options: ", f"stream_options '{next(iter(options))}': "))


@pytest.mark.parametrize("arguments", [[], ["--discover"]])
def test_a_bad_option_is_one_line_and_exit_1(arguments, tmp_path):
    config = tmp_path / "config.json"
    config.write_text('{"api_url": "sandbox://", "stream_options": {"profiles": {"page_size": 500}}}')
    command = [sys.executable, "-m", "tap_klaviyo.tap", "--config", str(config), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if "ERROR" in line]
    assert len(errors) == 1
    assert "stream_options 'profiles': page_size must be a whole number from 1 to 100" in errors[0]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("stream", "kind", "fields"),
    [
        ("profiles", "profile", ["email", "location.city", "subscriptions.email.marketing.consent"]),
        ("profiles", "profile", ["location", "location.city"]),
        ("campaigns", "campaign", ["send_options.use_smart_sending"]),
        ("images", "image", []),
    ],
)
def test_fields_do_what_deselection_does(stream, kind, fields, shop):
    """Same requests, same schema, same records."""
    catalog = only(discovered(), stream)
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == stream)
    paths = [".".join(item["breadcrumb"][1::2]) for item in entry["metadata"] if item["breadcrumb"]]
    said = {path for path in paths if path == "channel" and stream == "campaigns"}  # by the request, at no cost
    whole = {path for path in paths for name in fields if path == name or path.startswith(f"{name}.")}
    parents = {path for path in paths for name in fields if name.startswith(f"{path}.")}
    deselected = select(catalog, stream, {path: path in whole | parents | said for path in paths})
    with_catalog = sync(Sandbox(shop), deselected)
    options = {stream: {"fields": {kind: fields}}}
    without = sync(Sandbox(shop), only(discovered(stream_options=options), stream), stream_options=options)
    # Which of the requests that are in flight together comes first is nobody's promise.
    assert in_any_order(without.asked(f"/api/{stream}")) == in_any_order(with_catalog.asked(f"/api/{stream}"))
    assert without.records == with_catalog.records
    assert without.schemas == with_catalog.schemas


def in_any_order(requests):
    return sorted(sorted(params.items()) for params in requests)


def test_a_catalog_may_select_less_than_fields_leave(shop):
    options = {"profiles": {"fields": {"profile": ["email", "location.city", "location.zip"]}}}
    catalog = select(only(discovered(stream_options=options), "profiles"), "profiles", {"location.zip": False})
    found = sync(Sandbox(shop), catalog, stream_options=options)
    assert found.asked("/api/profiles")[0] == {"fields[profile]": "email,location.city,updated"}
    assert found.schemas["profiles"]["properties"]["location"]["properties"].keys() == {"city"}


def test_a_member_of_a_free_form_object_keeps_it_whole(shop):
    options = {"flow_messages": {"fields": {"flow-message": ["definition.name", "updated"]}}}
    found = sync(Sandbox(shop), only(discovered(stream_options=options), "flow_messages"), stream_options=options)
    asked = found.asked("/api/flow-actions/{id}/flow-messages")
    assert asked
    assert all(params == {"fields[flow-message]": "definition,updated"} for params in asked)


def test_fields_drop_what_is_made_of_the_attributes_that_they_drop(shop):
    options = {"events": {"fields": {"event": ["datetime", "uuid"], "metric": ["id"], "attribution": []}}}
    found = sync(Sandbox(shop), only(discovered(stream_options=options), "events"), stream_options=options)
    assert found.schemas["events"]["properties"].keys() == {"id", "datetime", "uuid", "metric_id", "profile_id"}
    assert found.asked("/api/events")[0] == {"fields[event]": "datetime,uuid"}
    assert all(record["metric_id"] for record in found.records["events"])
    assert any(record["profile_id"] for record in found.records["events"])  # that of a deleted profile is null


def test_fields_drop_the_columns_of_members_of_what_they_drop():
    options = {"omnichannel_campaigns": {"fields": {"campaign": ["updated_at"]}}}
    (entry,) = only(discovered(stream_options=options), "omnichannel_campaigns")["streams"]
    assert entry["schema"]["properties"].keys() == {"id", "updated_at"}


def test_a_filter_stands_beside_the_taps_own(shop):
    options = {"campaigns": {"filter": "equals(status,'Draft')"}}
    found = sync(Sandbox(shop), only(discovered(), "campaigns"), stream_options=options)
    filters = [params["filter"] for path, params in found.requests if path == "/api/campaigns"]
    assert len(filters) >= 6
    assert all("equals(status,'Draft')" in text and "messages.channel" in text for text in filters)
    assert {record["status"] for record in found.records["campaigns"]} == {"Draft"}


def test_a_page_size(shop):
    found = sync(
        Sandbox(shop), only(discovered(), "profiles"), stream_options={"profiles": {"page_size": 7}}, max_workers=1
    )
    assert {params["page[size]"] for path, params in found.requests if path == "/api/profiles"} == {"7"}
    assert len(found.records["profiles"]) == len(shop.resources("profile"))


@pytest.mark.parametrize(("include", "column"), [("push-tokens", "push_tokens"), ("conversations", "conversations")])
def test_options_show_in_the_discovered_schema(include, column):
    catalog = discovered(stream_options={"profiles": {"include": [include]}})
    entry = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "profiles")
    assert entry["schema"]["properties"][column]["type"] == ["array", "null"]
    assert entry["schema"]["properties"][column[:-1] + "_ids"]["type"] == ["array", "null"]
    assert ["properties", column, "properties", "id"] in [item["breadcrumb"] for item in entry["metadata"]]


@pytest.mark.parametrize(("own", "general"), [("2025-03-01", None), ("2025-03-01", "2026-01-01"), (None, "2025-03-01")])
def test_a_start_date_of_its_own_goes_before_the_setting(own, general, shop):
    options = {"events": {"start_date": own} if own else {}}
    config = {"stream_options": options, **({"start_date": general} if general else {})}
    found = sync(Sandbox(shop), only(discovered(**config), "events"), **config)
    truth = {one.id for one in shop.resources("event") if one.attributes["datetime"][:10] >= "2025-03-01"}
    assert {record["id"] for record in found.records["events"]} == truth
    assert 0 < len(truth) < len(shop.resources("event"))


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({"metrics": ["Placed Order (WooCommerce)", "opened email "]}, []),
        ({"exclude_metrics": ["Placed Order (Shopify)", "Active on Site"]}, []),
        (
            {"metrics": ["Opened Emial"]},
            ["unknown metric 'Opened Emial' (did you mean 'Opened Email' or 'Received Email'?): set metrics of"],
        ),
        (
            {"metrics": ["Opened Email"], "exclude_metrics": ["IugAJM"]},
            ["metric 'Opened Email' is both wanted and excluded: take it out of exclude_metrics of stream_options"],
        ),
    ],
)
def test_metrics_are_chosen_by_a_real_run(tmp_path, options, lines):
    config, catalog = tmp_path / "config.json", tmp_path / "catalog.json"
    config.write_text(json.dumps({"api_url": "sandbox://", "stream_options": {"events": options}}))
    catalog.write_text(json.dumps(only(discovered(), "events")))
    command = [sys.executable, "-m", "tap_klaviyo", "--config", config, "--catalog", catalog]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    errors = [line for line in run.stderr.splitlines() if "ERROR" in line]
    assert run.returncode == bool(lines), run.stderr
    assert all(words in errors[0] for words in lines)
    shop = shared().shop
    names = {one.id: f"{one.attributes['name'].strip()} ({(one.attributes['integration'] or {}).get('name')})"
             for one in shop.resources("metric")}  # fmt: skip
    wanted, excluded = [
        [name.strip().lower() for name in options.get(kind, ())] for kind in ("metrics", "exclude_metrics")
    ]

    def named(metric, among):
        full = names[metric].lower()
        return full in among or full.rpartition(" (")[0] in among

    expected = {
        one.id
        for one in shop.resources("event")
        if not lines
        for metric in shop.related(one, "metric")
        if (not wanted or named(metric, wanted)) and not named(metric, excluded)
    }
    messages = [json.loads(line) for line in run.stdout.splitlines()]
    written = [one["record"]["id"] for one in messages if one["type"] == "RECORD"]
    assert set(written) == expected
    assert bool(expected) is not bool(lines)
