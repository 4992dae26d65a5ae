"""`include_account_id`: whose record it is, for people who load many accounts into one warehouse."""

from __future__ import annotations

import json
from unittest import mock

import pytest

from tap_klaviyo.http.errors import PermissionDeniedError
from tap_klaviyo.sandbox import Sandbox, Shop
from tap_klaviyo.sandbox.access import Access
from tap_klaviyo.sandbox.faults import Fault
from tap_klaviyo.streams.registry import STREAMS
from tap_klaviyo.tap import TapKlaviyo
from tests.streams.syncing import sync

NAMES = sorted(kind.name for kind in STREAMS)


@pytest.fixture(scope="module")
def shop():
    return Shop(events=50, profiles=60)


@pytest.fixture(scope="module")
def run(shop):
    return sync(shop, *NAMES, config={"include_account_id": True})


def test_the_account_is_asked_for_once_beside_the_accounts_and_the_parents_of_what_is_per_account(run):
    assert run.tap.failures == []
    assert run.sandbox.refused == 0
    of_the_account, listed_as_parents = ["fields%5Baccount%5D=id"] * 2
    assert sorted(run.asked("/api/accounts")) == ["", of_the_account, listed_as_parents]


def test_other_streams_share_one_request(shop):
    run = sync(shop, "tags", "list_profiles", "metrics", config={"include_account_id": True})
    assert run.asked("/api/accounts") == ["fields%5Baccount%5D=id"]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_in_every_record_and_first_in_every_key(run, shop, name):
    (account,) = shop.resources("account")
    (schema,) = (message for message in run.of(name) if message["type"] == "SCHEMA")
    assert schema["key_properties"][0] == "account_id"
    assert next(iter(schema["schema"]["properties"])) == "account_id"
    assert schema["schema"]["properties"]["account_id"]["type"] == "string"
    assert len(schema["key_properties"]) > 1
    assert {record["account_id"] for record in run.records[name]} == {account.id}


def test_without_the_setting_there_is_none(shop):
    run = sync(shop, "tags", "list_profiles")
    assert "account_id" not in run.records["tags"][0]
    assert run.asked("/api/accounts") == []


def test_a_key_that_may_not_read_the_account_is_told_so_before_anything_is_written(shop, tmp_path, capsys):
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"api_url": "sandbox://", "include_account_id": True}))
    sandbox = Sandbox(shop, access=Access(scopes={"": {"tags:read"}}))
    with (
        mock.patch("tap_klaviyo.sandbox.shared", return_value=sandbox),
        pytest.raises(PermissionDeniedError, match="needs the scope accounts:read"),
    ):
        TapKlaviyo.cli(["--config", str(config)], standalone_mode=False)
    assert capsys.readouterr().out == ""


def test_a_stream_that_cannot_begin_in_the_background_fails_in_its_own_turn(shop):
    sandbox = Sandbox(shop)
    sandbox.faults.add(Fault("error", rate=1.0, path="/api/accounts"))
    quick = {"retry": 1, "retry_backoff_multiplier_ms": 1, "include_account_id": True}
    run = sync(sandbox, "tags", "lists", config=quick)
    assert sorted(run.tap.failures) == ["lists", "tags"]
