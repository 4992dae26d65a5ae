"""One reader for every list setting: the same mistake is said in the same words, whichever setting it is in."""

from __future__ import annotations

import json

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.tap import TapKlaviyo

MINIMAL = {
    "event_streams": {"name": "mine", "metric": "Placed Order"},
    "reports": {"name": "mine", "report": "campaign_values"},
    "metric_aggregates": {"name": "mine", "metric": "Placed Order"},
    "custom_streams": {"name": "mine", "path": "/api/lists"},
}
REQUIRED = {"event_streams": "metric", "reports": "report", "metric_aggregates": "metric"}
NAME = ": name must be letters, digits and underscores, and not begin with a digit"


def refusal(setting, value, *, discovery=False):
    config = {"api_url": "sandbox://", setting: value}
    with pytest.raises(SettingsError) as refused:
        _ = TapKlaviyo(config=config, validate_config=not discovery).streams
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("discovery", [False, True], ids=["sync", "discovery"])
@pytest.mark.parametrize("setting", MINIMAL)
@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda _: {"a": 1}, "setting '{setting}' must be a list"),
        (lambda entry: [entry, "x"], "{setting}[1]: must be an object"),
        (lambda entry: [{**entry, "name": None}], "{setting}[0]: missing field 'name': the name of the stream"),
        (lambda entry: [{**entry, "name": 7}], "{setting}[0]: name must be a string"),
        (lambda entry: [{**entry, "name": "  "}], "{setting}[0]: name must not be empty"),
        (lambda entry: [{**entry, "name": "my-stream"}], "{setting}[0]" + NAME),
        (lambda entry: [{**entry, "name": "1st"}], "{setting}[0]" + NAME),
        (
            lambda entry: [{**entry, "name": "Profiles"}],
            "{setting}[0] 'Profiles': the name is already taken by another stream; choose another one",
        ),
        (
            lambda entry: [entry, {**entry, "name": "MINE"}],
            "{setting}[1] 'MINE': the name is already taken by {setting}[0]; choose another one",
        ),
        (lambda entry: [{**entry, "nme": 1}], "{setting}[0] 'mine': unknown field 'nme'; did you mean 'name'?"),
        (lambda entry: [{**entry, "zzz": 1}], "{setting}[0] 'mine': unknown field 'zzz'; allowed: "),
    ],
)
def test_the_same_mistake_has_the_same_words(setting, mistake, words, discovery):
    message = refusal(setting, mistake(MINIMAL[setting]), discovery=discovery)
    assert message.startswith(words.format(setting=setting))


@pytest.mark.parametrize(("setting", "field"), REQUIRED.items())
def test_a_field_that_is_needed(setting, field):
    entry = {name: value for name, value in MINIMAL[setting].items() if name != field}
    assert refusal(setting, [entry]).startswith(f"{setting}[0] 'mine': missing field '{field}': ")
    assert refusal(setting, [{**entry, field: 7}]) == f"{setting}[0] 'mine': {field} must be a string"
    assert refusal(setting, [{**entry, field: " "}]) == f"{setting}[0] 'mine': {field} must not be empty"


@pytest.mark.parametrize(
    ("setting", "field"), [("reports", "group_by"), ("metric_aggregates", "by"), ("custom_streams", "primary_keys")]
)
def test_a_list_of_strings(setting, field):
    for wrong in ({"id": 1}, [1], [""], 7):
        assert refusal(setting, [{**MINIMAL[setting], field: wrong}]) == (
            f"{setting}[0] 'mine': {field} must be a list of strings"
        )


@pytest.mark.parametrize(
    ("setting", "field", "wrong", "hint"),
    [
        ("reports", "report", "campaign_value", "did you mean 'campaign_values'?"),
        ("reports", "window", "fortnight", "allowed: day, month, week"),
        ("metric_aggregates", "interval", "minute", "allowed: day, hour, month, week"),
        ("custom_streams", "paging", "none_at_all", "allowed: body_cursor, next_link, none"),
        ("event_streams", "on_cast_error", "nul", "did you mean 'null'?"),
    ],
)
def test_a_word_that_is_not_allowed(setting, field, wrong, hint):
    message = refusal(setting, [{**MINIMAL[setting], field: wrong}])
    assert message == f"{setting}[0] 'mine': {field}: unknown value '{wrong}'; {hint}"


def test_a_name_is_taken_by_any_other_setting():
    config = {"api_url": "sandbox://", **{setting: [entry] for setting, entry in MINIMAL.items()}}
    with pytest.raises(SettingsError, match=r"'mine': the name is already taken by another stream"):
        _ = TapKlaviyo(config=config).streams


def test_stream_options_say_it_in_the_same_words():
    assert refusal("stream_options", {"profiles": 1}) == "stream_options 'profiles': must be an object"
    assert refusal("stream_options", {"profiles": {"filtr": 1}}) == (
        "stream_options 'profiles': unknown field 'filtr'; did you mean 'filter'?"
    )
    assert refusal("stream_options", {"profiles": {"include": [1]}}) == (
        "stream_options 'profiles': include must be a list of strings"
    )
    assert (
        refusal("stream_options", {"zzz": {}}) == "stream_options: unknown stream 'zzz'; --discover lists the streams"
    )


def test_a_secret_among_the_fields_is_not_quoted():
    message = refusal("custom_streams", [{**MINIMAL["custom_streams"], "pk_0123456789abcdef": 1}])
    assert "pk_0123456789abcdef" not in message


def test_one_string_is_a_list_of_one():
    config = {"api_url": "sandbox://", "custom_streams": [{**MINIMAL["custom_streams"], "primary_keys": "id"}]}
    catalog = json.loads(json.dumps(TapKlaviyo(config=config).catalog_dict))
    assert next(one for one in catalog["streams"] if one["stream"] == "mine")["key_properties"] == ["id"]
