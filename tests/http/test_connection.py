"""From the settings to a connection: a key in another form is the same key, and a missing one says where it may be."""

from __future__ import annotations

from contextlib import closing

import pytest

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.config.settings import Settings
from tap_klaviyo.http import ApiKeyAuth
from tap_klaviyo.sync.connection import connect
from tests.http.wire import KEY


def test_one_key_under_two_names_is_one_key_whatever_is_around_it() -> None:
    with closing(connect(Settings.of({"auth_token": f"{KEY}\n", "api_key": f" {KEY}"}))) as http:
        assert isinstance(http._auth, ApiKeyAuth)


def test_two_keys_are_refused_without_being_repeated() -> None:
    with pytest.raises(SettingsError, match="have different values") as raised:
        connect(Settings.of({"auth_token": KEY, "api_key": f"{KEY}x"}))
    assert KEY not in str(raised.value)


@pytest.mark.parametrize("name", ["AUTH_TOKEN", "API_KEY", "PRIVATE_KEY"])
def test_a_key_in_the_environment_that_is_not_read_is_hinted_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TAP_KLAVIYO_{name}", KEY)
    with pytest.raises(
        SettingsError, match=f"TAP_KLAVIYO_{name} is set in the environment but not read; add --config=ENV"
    ) as raised:
        connect(Settings.of({}))
    assert KEY not in str(raised.value)


def test_without_a_key_anywhere_the_line_says_where_keys_are_made() -> None:
    with pytest.raises(SettingsError, match="Settings, API keys"):
        connect(Settings.of({}))
