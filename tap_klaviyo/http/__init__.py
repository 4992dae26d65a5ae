"""Requests to Klaviyo: authentication, limits, retries and errors; imports `contract`, and knows nothing of Singer."""

from tap_klaviyo.http.auth import ApiKeyAuth, NoAuth
from tap_klaviyo.http.client import Http
from tap_klaviyo.http.counters import Tally
from tap_klaviyo.http.oauth import OAuth
from tap_klaviyo.http.origin import Origin, fill
from tap_klaviyo.http.request import Request, Response
from tap_klaviyo.http.settings import HttpSettings
from tap_klaviyo.http.token_file import TokenFile

__all__ = [
    "ApiKeyAuth",
    "Http",
    "HttpSettings",
    "NoAuth",
    "OAuth",
    "Origin",
    "Request",
    "Response",
    "Tally",
    "TokenFile",
    "fill",
]
