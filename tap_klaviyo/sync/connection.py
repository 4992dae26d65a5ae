"""From the settings to a connection."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings, NoAuth, OAuth, Origin, TokenFile
from tap_klaviyo.http.revision import own_revision_warnings, revision_warning

if TYPE_CHECKING:
    from tap_klaviyo.config.settings import Settings

logger = logging.getLogger(__name__)

_KEY_NAMES = ("auth_token", "api_key", "private_key")


def connect(settings: Settings) -> Http:
    """Open the connection that the settings describe; nothing is sent yet.

    Raises:
        SettingsError: There is no key, or there are two ways to authenticate.
    """
    today = datetime.now(UTC).date()
    warning = revision_warning(settings.revision, today)
    if warning is not None:
        logger.warning(warning)
    for ending in own_revision_warnings(today):
        logger.warning(ending)
    return Http(
        HttpSettings(
            api_url=settings.api_url,
            auth=_auth(settings),
            revision=settings.revision,
            max_workers=settings.max_workers,
            rate_limit_share=settings.rate_limit_share,
            retry=settings.retry,
            retry_backoff_multiplier_ms=settings.retry_backoff_multiplier_ms,
            retry_backoff_max_ms=settings.retry_backoff_max_ms,
            request_timeout=settings.request_timeout,
        )
    )


def check(settings: Settings) -> None:
    """Refuse credentials that no request could be sent with; that there are none yet is no fault of a discovery.

    Raises:
        SettingsError: Some are missing, or there are two ways to authenticate.
        UnauthorizedError: The key is none that a header can hold.
    """
    if any((*_keys(settings), settings.client_id, settings.client_secret, settings.refresh_token)):
        _auth(settings)


def _keys(settings: Settings) -> set[str]:
    return {key.strip() for key in (settings.auth_token, settings.api_key, settings.private_key) if key}


def _auth(settings: Settings) -> NoAuth | ApiKeyAuth | OAuth:
    if Origin.of(settings.api_url).sandbox:
        return NoAuth()
    keys = _keys(settings)
    oauth = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "refresh_token": settings.refresh_token,
    }
    given = {name: value for name, value in oauth.items() if value}
    if len(keys) > 1:
        msg = f"settings {', '.join(_KEY_NAMES)} are aliases but have different values; set only one"
        raise SettingsError(msg)
    if keys and given:
        msg = f"use either auth_token or {', '.join(oauth)}, not both"
        raise SettingsError(msg)
    if keys:
        return ApiKeyAuth(keys.pop())
    missing = [name for name in oauth if name not in given]
    if missing:
        raise SettingsError(
            f"OAuth also needs {', '.join(missing)}: set it, or remove the other OAuth settings" if given else _no_key()
        )
    token_file = TokenFile(Path(settings.token_file)) if settings.token_file else None
    return OAuth(given["client_id"], given["client_secret"], given["refresh_token"], token_file)


def _no_key() -> str:
    """What to do where no setting holds a key: the environment counts only if `--config=ENV` says so."""
    for name in _KEY_NAMES:
        variable = f"TAP_KLAVIYO_{name.upper()}"
        if os.environ.get(variable):
            return f"setting auth_token is missing: {variable} is set in the environment but not read; add --config=ENV"
    return "setting auth_token is missing: set a private API key (in Klaviyo: Settings, API keys)"
