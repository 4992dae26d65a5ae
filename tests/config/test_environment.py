"""Settings out of environment variables: read as their types, or refused by name and without their value."""

from __future__ import annotations

import logging

import pytest

from tap_klaviyo.config.environment import from_environment
from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA
from tap_klaviyo.tap import TapKlaviyo

PREFIX = "TAP_KLAVIYO_"
SECRET = "a-made-up-secret"


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Return what reads variables that are given without their prefix."""
    monkeypatch.chdir(tmp_path)  # no `.env` of a developer

    def read(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"{PREFIX}{name}", value)
        return from_environment(PREFIX, CONFIG_JSONSCHEMA)

    return read


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAX_WORKERS", "2", 2),
        ("MAX_WORKERS", "2.0", 2),
        ("MAX_WORKERS", " 2 ", 2),
        ("RATE_LIMIT_SHARE", "0.5", 0.5),
        ("INCLUDE_ACCOUNT_ID", "true", True),
        ("INCLUDE_ACCOUNT_ID", "No", False),
        ("INCLUDE_ACCOUNT_ID", "0", False),
        ("EVENT_STREAMS", '[{"name": "orders", "metric": "x"}]', [{"name": "orders", "metric": "x"}]),
        ("STREAM_OPTIONS", '{"lists": {"page_size": 5}}', {"lists": {"page_size": 5}}),
        ("START_DATE", "2024-01-01", "2024-01-01"),
        ("AUTH_TOKEN", "1234", "1234"),
    ],
)
def test_a_variable_is_read_as_its_type(read, name, text, value):
    found = read(**{name: text})
    assert found == {name.lower(): value}
    assert type(found[name.lower()]) is type(value)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_variable_is_unset(read, text):
    assert read(MAX_WORKERS=text, AUTH_TOKEN=text, REPORTS=text, INCLUDE_ACCOUNT_ID=text, START_DAT=text) == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MAX_WORKERS", "a whole number"),
        ("RATE_LIMIT_SHARE", "a number"),
        ("INCLUDE_ACCOUNT_ID", "true or false"),
        ("REPORTS", "a list, as JSON"),
        ("STREAM_OPTIONS", "an object, as JSON"),
    ],
)
@pytest.mark.parametrize("text", ["maybe", f"[{SECRET}", '"x"', "[" * 100_000], ids=["word", "half", "other", "deep"])
def test_a_variable_that_cannot_be_read_is_named_without_its_value(read, name, words, text):
    with pytest.raises(SettingsError) as refused:
        read(**{name: text})
    assert str(refused.value) == f"environment variable {PREFIX}{name} must be {words}"
    assert refused.value.__context__ is None


def test_a_fraction_is_no_whole_number(read):
    assert read(MAX_WORKERS="3.0") == {"max_workers": 3}
    with pytest.raises(SettingsError, match="TAP_KLAVIYO_MAX_WORKERS must be a whole number"):
        read(MAX_WORKERS="1.5")


def test_a_list_in_the_place_of_an_object(read):
    with pytest.raises(SettingsError, match="TAP_KLAVIYO_STREAM_OPTIONS must be an object, as JSON"):
        read(STREAM_OPTIONS="[]")


def test_a_misspelt_variable_is_named(read):
    with pytest.raises(SettingsError) as refused:
        read(START_DAT=SECRET)
    message = "unknown environment variable TAP_KLAVIYO_START_DAT; did you mean TAP_KLAVIYO_START_DATE?"
    assert str(refused.value) == message


def test_what_is_like_no_setting_is_said(read, caplog):
    with caplog.at_level(logging.WARNING):
        assert read(XYZZY="1") == {}
    assert "Environment variable TAP_KLAVIYO_XYZZY is not a setting" in caplog.messages


def test_variables_of_others_are_left_alone(read, caplog):
    """The SDK's own, Meltano's extras, and those of a tap whose name begins with this one's."""
    with caplog.at_level(logging.WARNING):
        assert read(LOGLEVEL="DEBUG", _SELECT='["*.*"]', EU_START_DATE="2024-01-01", EU_AUTH_TOKEN="x") == {}
    assert caplog.messages == []


def test_variables_win_over_the_file_and_empty_ones_do_not(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAP_KLAVIYO_MAX_WORKERS", "3")
    monkeypatch.setenv("TAP_KLAVIYO_RETRY", "")
    tap = TapKlaviyo(config={"api_url": "sandbox://", "max_workers": 5, "retry": 7}, parse_env_config=True)
    assert (tap.config["max_workers"], tap.config["retry"]) == (3, 7)
