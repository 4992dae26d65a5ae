"""From the settings to a connection."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tap_klaviyo.config.errors import SettingsError
from tap_klaviyo.http import ApiKeyAuth, Http, HttpSettings, NoAuth, OAuth, Origin, TokenFile
from tap_klaviyo.http.revision import revision_warning

if TYPE_CHECKING:
    from tap_klaviyo.config.settings import Settings

logger = logging.getLogger(__name__)

_KEY_NAMES = ("auth_token", "api_key", "private_key")
_OAUTH_NAMES = ("client_id", "client_secret", "refresh_token")


def connect(settings: Settings) -> Http:
    """Open the connection that the settings describe; nothing is sent yet.

    Raises:
        SettingsError: There is no key, or there are two ways to authenticate.
    """
    found = HttpSettings(
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
    warning = revision_warning(found.revision, datetime.now(UTC).date())
    if warning is not None:
        logger.warning(warning)
    return Http(found)


def _auth(settings: Settings) -> NoAuth | ApiKeyAuth | OAuth:
    if Origin.of(settings.api_url).sandbox:
        return NoAuth()
    keys = {key for key in (settings.auth_token, settings.api_key, settings.private_key) if key}
    client_id, client_secret, refresh_token = settings.client_id, settings.client_secret, settings.refresh_token
    oauth = dict(zip(_OAUTH_NAMES, (client_id, client_secret, refresh_token), strict=True))
    missing = [name for name, value in oauth.items() if not value]
    if len(keys) > 1:
        msg = f"settings {', '.join(_KEY_NAMES)} are one setting; they hold different keys"
        raise SettingsError(msg)
    if keys and len(missing) < len(oauth):
        msg = f"use either auth_token or {', '.join(_OAUTH_NAMES)}, not both"
        raise SettingsError(msg)
    if keys:
        return ApiKeyAuth(keys.pop())
    if not (client_id and client_secret and refresh_token):
        msg = (
            f"OAuth needs {', '.join(missing)} too"
            if len(missing) < len(oauth)
            else "setting auth_token is missing: a private API key of Klaviyo (Settings, API keys)"
        )
        raise SettingsError(msg)
    token_file = TokenFile(Path(settings.token_file)) if settings.token_file else None
    return OAuth(client_id, client_secret, refresh_token, token_file)
