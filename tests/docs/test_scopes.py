"""The table of scopes is what the sandbox asks a key for."""

from __future__ import annotations

import logging

import pytest

from tap_klaviyo import contract
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tests.streams.syncing import TODAY, sync
from tools.docs.scopes import scopes_of, streams

EVERYTHING = {scope for endpoint in contract.newest().endpoints().values() for scope in endpoint.scopes}
FOUND = {name: scopes_of(stream) for name, stream in streams().items()}
GROUPS = {(tuple(sorted(found.needed)), tuple(sorted(found.filling))) for found in FOUND.values()}
# No endpoint of the document lists conversations, so the sandbox does not know which scope they take.
UNCHECKED = {"conversations:read"}


@pytest.fixture(scope="module")
def shop():
    return Shop(events=40, profiles=20)


def warned(caplog, shop, scopes, names):
    """The streams, of some, that a key of these scopes is warned about."""
    sync(Sandbox(shop, access=Access(scopes={"": {*scopes}}), now=lambda: TODAY), *names)
    denied = (record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
    return {line.partition(":")[0] for line in denied if "scope" in line}


@pytest.mark.parametrize(("needed", "filling"), sorted(GROUPS), ids=lambda scopes: "+".join(scopes) or "-")
def test_the_scopes_in_the_table_are_enough(caplog, shop, needed, filling):
    names = [name for name, found in FOUND.items() if {*needed} == found.needed and {*filling} == {*found.filling}]
    assert warned(caplog, shop, {*needed, *filling}, names) == set()


@pytest.mark.parametrize("scope", sorted({scope for found in FOUND.values() for scope in found.needed} - UNCHECKED))
def test_and_without_one_of_them_a_stream_is_not_read(caplog, shop, scope):
    names = {name for name, found in FOUND.items() if scope in found.needed}
    assert warned(caplog, shop, EVERYTHING - {scope}, names) == names
