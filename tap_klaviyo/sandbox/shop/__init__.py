"""The made-up shop that the sandbox answers from."""

from tap_klaviyo.sandbox.shop.shop import Shop
from tap_klaviyo.sandbox.shop.store import Resource

__all__ = ["Resource", "Shop"]
