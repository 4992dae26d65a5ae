"""From the settings to a connection."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_klaviyo.config.validation import SettingsError
from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings, NoAuth, OAuth, Origin, TokenFile
from tap_klaviyo.http.revision import revision_warning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.config.settings import Settings

logger = logging.getLogger(__name__)

_KEY_NAMES = ("auth_token", "api_key", "private_key")
_OAUTH_NAMES = ("client_id", "client_secret", "refresh_token")


def connect(settings: Settings) -> Http:
    """Open the connection that the settings describe; nothing is sent yet.

    Raises:
        SettingsError: There is no key, or there are two ways to authenticate.
    """
    config = settings.raw
    known = {
        name: config[name]
        for name in (
            "api_url",
            "revision",
            "max_workers",
            "rate_limit_share",
            "retry",
            "retry_backoff_multiplier_ms",
            "retry_backoff_max_ms",
            "request_timeout",
        )
        if config.get(name) is not None
    }
    found = HttpSettings(auth=_auth(config), **known)
    warning = revision_warning(found.revision, datetime.now(UTC).date())
    if warning is not None:
        logger.warning(warning)
    return Http(found)


def _auth(config: Mapping[str, Any]) -> NoAuth | ApiKeyAuth | OAuth:
    if Origin.of(config["api_url"]).sandbox:
        return NoAuth()
    keys = {str(config[name]) for name in _KEY_NAMES if config.get(name)}
    oauth = [name for name in _OAUTH_NAMES if config.get(name)]
    if len(keys) > 1:
        msg = f"settings {', '.join(_KEY_NAMES)} are one setting; they hold different keys"
        raise SettingsError(msg)
    if keys and oauth:
        msg = f"use either auth_token or {', '.join(_OAUTH_NAMES)}, not both"
        raise SettingsError(msg)
    if keys:
        return ApiKeyAuth(keys.pop())
    missing = [name for name in _OAUTH_NAMES if name not in oauth]
    if missing:
        msg = (
            f"OAuth needs {', '.join(missing)} too"
            if oauth
            else "setting auth_token is missing: a private API key of Klaviyo (Settings, API keys)"
        )
        raise SettingsError(msg)
    token_file = config.get("token_file")
    return OAuth(
        config["client_id"],
        config["client_secret"],
        config["refresh_token"],
        TokenFile(Path(token_file)) if token_file else None,
    )
