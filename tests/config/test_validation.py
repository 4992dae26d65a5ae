"""The settings as a whole: read if they can be, and otherwise refused by name, in a sync and in discovery alike."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.settings import Settings
from tap_klaviyo.tap import TapKlaviyo

URL = {"api_url": "sandbox://"}
NOW = datetime(2026, 7, 15, tzinfo=UTC)
SECRET = "a-made-up-secret"
NO_STREAM = "must be the name of a stream; leave it out to keep the stream's own"
FILES = {"encoding": {"format": "jsonl"}, "storage": {"root": "file:///files"}}


def settings(**config):
    return Settings.of(TapKlaviyo(config={**URL, **config}).config)


BAD = [
    ({"start_date": "soon"}, "setting 'start_date' is not a valid date-time; write it like 2024-01-01T00:00:00Z"),
    ({"end_date": "2024-13-01"}, "setting 'end_date' is not a valid date-time; write it like 2024-01-01T00:00:00Z"),
    ({"end_date": 20240101}, "setting 'end_date' must be a string"),
    (
        {"start_date": "2024-02-01", "end_date": "2024-01-01"},
        "setting 'end_date' must be after 'start_date': nothing lies between them",
    ),
    (
        {"start_date": "2024-01-01T02:00:00+02:00", "end_date": "2024-01-01T00:00:00Z"},
        "setting 'end_date' must be after 'start_date': nothing lies between them",
    ),
    ({"max_workers": 0}, "setting 'max_workers' must be at least 1"),
    ({"max_workers": 2.5}, "setting 'max_workers' must be a whole number"),
    ({"max_workers": "many"}, "setting 'max_workers' must be a whole number"),
    ({"rate_limit_share": 0}, "setting 'rate_limit_share' must be more than 0"),
    ({"rate_limit_share": "1.5"}, "setting 'rate_limit_share' must be at most 1"),
    ({"lookback_days": -1}, "setting 'lookback_days' must be at least 0"),
    ({"include_account_id": "maybe"}, "setting 'include_account_id' must be true or false"),
    ({"on_permission_denied": "ignore"}, "setting 'on_permission_denied' must be one of skip, fail"),
    (
        {"flattening_enabled": True},
        "setting 'flattening_enabled' needs 'flattening_max_depth': set how many levels are flattened, such as 1",
    ),
    (
        {"stream_maps": {"profiles": {"email": "email.lower("}}},
        "setting 'stream_maps': 'email' of 'profiles' is not an expression; write it as in Python: \"md5(email)\"",
    ),
    (
        {"stream_maps": {"events": {"__alias__": None}}},
        f"setting 'stream_maps': '__alias__' of 'events' {NO_STREAM}",
    ),
    (
        {"stream_maps": {"events": {"__source__": " "}}},
        f"setting 'stream_maps': '__source__' of 'events' {NO_STREAM}",
    ),
    (
        {"stream_maps": {"events": {"__filter__": ""}}},
        "setting 'stream_maps': '__filter__' of 'events' is not an expression; write it as in Python: \"md5(email)\"",
    ),
    ({"flattening_enabled": True, "flattening_max_depth": -1}, "setting 'flattening_max_depth' must be at least 0"),
    (
        {"end_date": "2025-01-01", "stream_options": {"events": {"start_date": "2025-01-01"}}},
        "stream_options 'events': start_date must be before 'end_date': nothing lies between them",
    ),
    *(
        ({"batch_config": {**FILES, **wrong}}, message)
        for wrong, message in (
            (
                {"encoding": {"format": "parquet", "compression": "gzip"}},
                "setting 'batch_config.encoding.format' must be jsonl: the tap writes files of JSON lines only",
            ),
            (
                {"encoding": None},
                "setting 'batch_config.encoding.format' must be jsonl: the tap writes files of JSON lines only",
            ),
            (
                {"storage": {}},
                "setting 'batch_config' needs 'storage.root': the folder for the files, such as file:///var/lib/klaviyo",
            ),
            (
                {"storage": {"root": "nowhere://files"}},
                (
                    "setting 'batch_config.storage.root' names a kind of storage that is not installed: install its "
                    "package next to the tap, such as s3fs for s3://"
                ),
            ),
            (
                {"storage": {"root": "/files", "params": "none"}},
                "setting 'batch_config.storage.params' must be an object",
            ),
            ({"batch_size": 0}, "setting 'batch_config.batch_size' must be a whole number, at least 1"),
            ({"batch_size": "many"}, "setting 'batch_config.batch_size' must be a whole number, at least 1"),
        )
    ),
    ({"reports": "[{"}, "setting 'reports' must be a list"),
    ({"stream_options": "[]"}, "setting 'stream_options' must be an object"),
    ({"retri": SECRET}, "unknown setting 'retri'; did you mean 'retry'?"),
    (
        {"auth_token": "\ud800"},
        (
            "setting 'auth_token' contains NaN, Infinity or an invalid Unicode character (lone surrogate), "
            "none of which can be sent"
        ),
    ),
]


@pytest.mark.parametrize("discovery", [False, True], ids=["sync", "discovery"])
@pytest.mark.parametrize(("config", "message"), BAD, ids=[message for _, message in BAD])
def test_what_cannot_be_followed_is_refused(config, message, discovery):
    with pytest.raises(SettingsError) as refused:
        TapKlaviyo(config={**URL, **config}, validate_config=not discovery)
    assert str(refused.value) == message


def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(SettingsError, match="'max_workers' must be at least 1; setting 'start_date' is not"):
        TapKlaviyo(config={**URL, "start_date": "soon", "max_workers": 0})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"stream_maps": {"events": 7}}, "setting 'stream_maps.events' must be __NULL__ or an object"),
        ({"stream_maps": {"events": {"id": 7}}}, "setting 'stream_maps.events.id' must be __NULL__ or a string"),
        ({"stream_maps": {"events": {"__else__": 7}}}, "setting 'stream_maps.events.__else__' must be __NULL__"),
        ({"stream_maps": {"__else__": 7}}, "setting 'stream_maps.__else__' must be __NULL__"),
        ({"faker_config": {"locale": 7}}, "setting 'faker_config.locale' must be a string or a list"),
    ],
)
def test_alternatives_of_the_sdk_s_own_settings_are_named_by_their_types(config, message):
    with pytest.raises(SettingsError) as refused:
        TapKlaviyo(config={**URL, **config})
    assert message in str(refused.value)


def test_every_rule_of_the_settings_schema_has_words():
    """A rule that a new setting, or a new version of the SDK, brings would need words of its own."""
    said = {"type", "enum", "minimum", "maximum", "exclusiveMinimum", "anyOf", "oneOf"}
    # Checked by nobody: a format needs a checker, and only `false` would refuse a member; `const` is an alternative's.
    unchecked = [("format", "date-time"), ("additionalProperties", True)]
    rules = {*Draft202012Validator.VALIDATORS} - {"properties", "items", "const"} - said
    schema = TapKlaviyo(config=URL).config_jsonschema  # with the SDK's own
    found = [*members_of(schema)]
    assert {"anyOf", "oneOf", "enum", "maximum"} <= {rule for rule, _ in found}
    odd = [one for one in found if one[0] in rules and one not in unchecked and not isinstance(one[1], dict)]
    assert odd == []
    choices = [one for rule, alternatives in found if rule in {"anyOf", "oneOf"} for one in alternatives]
    assert [one for one in choices if isinstance(one, dict) and not one.keys() & {"type", "const"}] == []


def members_of(schema):
    """The members of a schema and of all schemas in it."""
    for name, value in schema.items():
        yield name, value
        inner = value.values() if name == "properties" else value if isinstance(value, list) else [value]
        for one in inner:
            if isinstance(one, dict) and name not in {"default", "examples"}:
                yield from members_of(one)


def test_settings_without_an_end_are_refused():
    endless: dict[str, object] = {}
    for _ in range(200):
        endless = {"a": endless}
    with pytest.raises(SettingsError, match="the settings are nested deeper than 100 levels"):
        TapKlaviyo(config={**URL, "stream_options": endless})


def test_discovery_needs_no_key():
    assert TapKlaviyo(config={}, validate_config=False).catalog_dict["streams"]


def test_a_start_in_the_future_is_said(caplog):
    TapKlaviyo(config={**URL, "start_date": "2026-07-16"}, now=NOW)
    assert "setting 'start_date' is in the future: streams that it bounds read nothing before then" in caplog.messages


def test_a_stream_s_own_start_in_the_future_is_said(caplog):
    TapKlaviyo(config={**URL, "stream_options": {"events": {"start_date": "2026-07-16"}}}, now=NOW)
    assert "stream_options 'events': start_date is in the future: nothing is read before then" in caplog.messages


def test_a_start_in_the_past_is_not(caplog):
    options = {"events": {"start_date": "2026-07-13"}}
    TapKlaviyo(config={**URL, "start_date": "2026-07-14", "stream_options": options}, now=NOW)
    assert "future" not in caplog.text


def test_strings_are_read_as_their_types():
    """Meltano hands down what stands in the environment as a string if nobody told it the kind of a setting."""
    found = settings(
        max_workers="2",
        rate_limit_share="0.5",
        include_account_id="True",
        event_streams='[{"name": "orders", "metric": "Placed Order"}]',
        stream_options='{"lists": {"page_size": 5}}',
    )
    assert (found.max_workers, found.rate_limit_share, found.include_account_id) == (2, 0.5, True)
    assert found.event_streams == ({"name": "orders", "metric": "Placed Order"},)
    assert found.stream_options == {"lists": {"page_size": 5}}


def test_empty_strings_are_unset():
    found = settings(auth_token="", start_date="", max_workers="", reports="", include_account_id="")
    assert found == settings()


def test_whole_numbers_may_have_a_point():
    found = settings(max_workers=2.0, lookback_days=3.0).max_workers
    assert found == 2
    assert isinstance(found, int)
