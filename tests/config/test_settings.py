"""`Settings`: every setting of the schema is a field, with the same default, and nothing else is."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from datetime import UTC, datetime

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.schema import CONFIG_JSONSCHEMA
from tap_klaviyo.config.settings import SDK_SETTINGS, Settings
from tap_klaviyo.tap import TapKlaviyo

SECRET = "pk_made_up_0123456789"


def test_every_setting_is_a_field_and_every_field_a_setting():
    TapKlaviyo.append_builtin_config(CONFIG_JSONSCHEMA)
    assert {one.name for one in fields(Settings)} == set(CONFIG_JSONSCHEMA["properties"])
    inherited = {"type": "object", "properties": {}}
    TapKlaviyo.append_builtin_config(inherited)
    assert set(inherited["properties"]) == SDK_SETTINGS


def test_the_schema_says_the_defaults_of_the_fields():
    shown = {name: schema["default"] for name, schema in CONFIG_JSONSCHEMA["properties"].items() if "default" in schema}
    assert Settings.of(shown) == Settings.of({})
    assert (shown["max_workers"], shown["stream_options"], shown["reports"]) == (24, {}, [])
    assert "start_date" not in shown


def test_what_is_null_has_its_default():
    assert Settings.of({"max_workers": None, "start_date": None}) == Settings()


def test_dates_are_instants():
    settings = Settings.of({"start_date": "2024-01-01", "end_date": "2024-02-01T00:00:00+02:00"})
    assert settings.start_date == datetime(2024, 1, 1, tzinfo=UTC)
    assert settings.end_date == datetime(2024, 1, 31, 22, tzinfo=UTC)
    with pytest.raises(SettingsError, match="setting 'end_date' is not a valid date-time; write it like"):
        Settings.of({"end_date": "soon"})


def test_what_was_read_does_not_change():
    settings = Settings.of({"max_workers": 3})
    assert settings.max_workers == 3
    with pytest.raises(FrozenInstanceError):
        settings.max_workers = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", [name for name, schema in CONFIG_JSONSCHEMA["properties"].items() if schema.get("secret")]
)
def test_settings_that_are_shown_hold_no_secret(name):
    assert SECRET not in repr(Settings.of({name: SECRET}))
