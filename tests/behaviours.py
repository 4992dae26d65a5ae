"""The sandbox as real accounts were recorded, and as Klaviyo's document says."""

from __future__ import annotations

from tap_klaviyo.sandbox import Behaviour
from tap_klaviyo.sandbox.behaviour import DOCUMENTED, RECORDED

BOTH = (RECORDED, DOCUMENTED)


def behaving(as_: str) -> Behaviour:
    """A behaviour of its own, ``recorded`` or ``documented``: a test may turn its switches."""
    behaviour = Behaviour()
    behaviour.change(as_)
    return behaviour
