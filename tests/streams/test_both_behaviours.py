"""What live accounts were recorded to do, and what the document says: the tables are the same."""

from __future__ import annotations

import pytest

from tap_klaviyo.sandbox import Sandbox, Shop
from tests.behaviours import BOTH, behaving
from tests.streams.syncing import TODAY, sync

behaviours = pytest.mark.parametrize("behaviour", BOTH)
OWN = "/api/campaigns/{}/campaign-messages"


def shop():
    return Shop(events=20, profiles=10)


def sandbox(behaviour):
    return Sandbox(shop(), now=lambda: TODAY, behaviour=behaving(behaviour))


def only(*columns):
    def change(entry):
        for item in entry["metadata"]:
            if item["breadcrumb"]:
                item["metadata"]["selected"] = item["breadcrumb"][-1] in columns

    return change


@behaviours
def test_hidden_images_come_once(behaviour):
    run = sync(sandbox(behaviour), "images")
    hidden = [record["id"] for record in run.records["images"] if record["hidden"]]
    assert hidden
    truth = run.sandbox.view("2026-10-15").resources("image")
    assert sorted(run.keys("images")) == sorted((image.id,) for image in truth)


@behaviours
def test_every_message_has_its_template(behaviour):
    run = sync(sandbox(behaviour), "campaign_messages")
    truth = {
        message.id: message.relationships.get("template")
        for message in run.sandbox.view("2026-07-15").resources("campaign-message")
    }
    found = {record["id"]: record["template_id"] for record in run.records["campaign_messages"]}
    assert found == truth
    assert any(found.values())


@behaviours
def test_a_template_that_is_not_selected_costs_no_request(behaviour):
    run = sync(sandbox(behaviour), "campaign_messages", change=only("id", "definition"))
    assert {request.path for request in run.sandbox.requests} == {"/api/campaigns"}


@behaviours
def test_profiles_have_what_no_document_names_and_no_request_names_it(behaviour):
    run = sync(sandbox(behaviour), "profiles")
    assert all("anonymous_id" in record and "whatsapp_bsuid" in record for record in run.records["profiles"])
    sparse = sync(sandbox(behaviour), "profiles", change=only("id", "updated", "email", "anonymous_id"))
    assert all("anonymous_id" not in query for query in sparse.asked("/api/profiles"))
    assert any("fields" in query for query in sparse.asked("/api/profiles"))


@behaviours
def test_a_template_has_no_presigned_address_unless_it_is_asked_for(behaviour):
    plain = sync(sandbox(behaviour), "templates")
    assert all("screenshot_url" not in record for record in plain.records["templates"])
    assert all("fields" not in query for query in plain.asked("/api/templates"))
    options = {"stream_options": {"templates": {"additional_fields": ["screenshot_url"]}}}
    asked = sync(sandbox(behaviour), "templates", config=options)
    assert any(record["screenshot_url"] for record in asked.records["templates"])


class Recording(Sandbox):
    """Remembers the revision of each request."""

    def respond(self, method, target, headers, body=b""):
        self.asked = getattr(self, "asked", set()) | {
            (target.partition("?")[0].removeprefix("sandbox://shop"), headers["revision"])
        }
        return super().respond(method, target, headers, body)


def test_each_stream_asks_its_own_revision():
    run = sync(Recording(shop(), now=lambda: TODAY), "campaigns", "campaign_tags", "omnichannel_campaigns", "lists")
    assert vars(run.sandbox)["asked"] == {
        ("/api/campaigns", "2026-07-15"),
        ("/api/campaigns", "2026-10-15"),
        ("/api/lists", "2026-10-15"),
    }
