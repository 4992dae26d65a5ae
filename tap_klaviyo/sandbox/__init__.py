"""An embedded Klaviyo, as strict, in the same process or over HTTP; imports nothing of the rest of the tap."""

from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.behaviour import Behaviour
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.sandbox.limits import Limiter
from tap_klaviyo.sandbox.oauth import OAuth
from tap_klaviyo.sandbox.sandbox import Sandbox, shared
from tap_klaviyo.sandbox.server import serve
from tap_klaviyo.sandbox.shop import Resource, Shop

__all__ = ["Access", "Behaviour", "Fault", "Limiter", "OAuth", "Resource", "Sandbox", "Shop", "serve", "shared"]
