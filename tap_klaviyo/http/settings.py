"""What the settings of the tap come to for its requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from requests.structures import CaseInsensitiveDict

from tap_klaviyo import contract
from tap_klaviyo.http.auth import NoAuth
from tap_klaviyo.http.origin import KLAVIYO_URL
from tap_klaviyo.http.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_klaviyo.http.auth import Auth

MEDIA_TYPE = "application/vnd.api+json"


def user_agent() -> str:
    """`tap-klaviyo/<version>`."""
    try:
        return f"tap-klaviyo/{version('singer-tap-klaviyo')}"
    except PackageNotFoundError:  # a bare copy of the files
        return "tap-klaviyo"


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Named as the settings are; `request_timeout` in seconds, `largest_body` in bytes after decompression.

    Shown, it holds no secret: `auth` keeps its own.
    """

    api_url: str = KLAVIYO_URL
    auth: Auth = field(default_factory=NoAuth)
    revision: str = field(default_factory=lambda: contract.newest().revision)
    max_workers: int = 24
    rate_limit_share: float = 1.0
    retry: int = 12
    retry_backoff_multiplier_ms: int = 100
    retry_backoff_max_ms: int = 60_000
    request_timeout: float = 120.0
    user_agent: str = field(default_factory=user_agent)
    largest_body: int = 48 << 20  # it is there twice while it is decoded

    def headers(self, extra: Mapping[str, str], revision: str = "") -> CaseInsensitiveDict[str]:
        """The usual headers, and those that win over them; `revision` is the endpoint's own, if it has one."""
        headers = CaseInsensitiveDict(
            {
                "Accept": MEDIA_TYPE,
                "Accept-Encoding": "gzip",
                "User-Agent": self.user_agent,
                "revision": revision or self.revision,
                # Without it a retired revision is served in the next one's fields, silently; with it, by a 410.
                "X-Klaviyo-Revision-Fall-Forward-Opt-Out": "1",
            }
        )
        headers.update(extra)
        return headers

    @property
    def policy(self) -> RetryPolicy:
        """The retry policy."""
        return RetryPolicy(self.retry, self.retry_backoff_multiplier_ms, self.retry_backoff_max_ms)
