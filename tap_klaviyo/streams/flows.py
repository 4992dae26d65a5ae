"""Flows, their actions, messages and tags."""

from tap_klaviyo.contract.filters import condition
from tap_klaviyo.records.columns import STRING, Column, Lifted
from tap_klaviyo.streams.event_properties import template_id
from tap_klaviyo.streams.resource import Childless, KlaviyoStream, Variant

# Archived flows are left out unless they are asked for. Nobody documents that archiving moves `updated`: archived
# ones are read by sweeps, one request per 50.
_EVERY_FLOW = tuple(Variant((condition("equals", "archived", archived),), swept=archived) for archived in (False, True))


# Delays, branches and changes of a profile send nothing.
_SILENT = Childless(
    "definition.type",
    frozenset(
        (
            *("time-delay", "back-in-stock-delay", "countdown-delay", "target-date"),
            *("conditional-split", "trigger-split", "multi-branch-split", "action-output-split"),
            *("update-profile", "list-update"),
        )
    ),
)


class Flows(KlaviyoStream):
    """A flow, archived or not. One request per 50, 60 per minute."""

    name = "flows"
    path = "/api/flows"
    replication_key = "updated"
    variants = _EVERY_FLOW
    swept = True


class FlowActions(KlaviyoStream):
    """A step of a flow. Carried by the flows: one request per 50 of them, 60 per minute."""

    name = "flow_actions"
    path = "/api/flows"
    via = "flow-actions"
    via_type = "flow-action"
    via_column = "flow_id"
    variants = _EVERY_FLOW
    swept = True
    childless = _SILENT


class FlowMessages(KlaviyoStream):
    """A message that a flow sends. One request per action, 60 per minute."""

    name = "flow_messages"
    path = "/api/flow-actions/{id}/flow-messages"
    replication_key = "updated"
    parent = FlowActions
    parent_column = "flow_action_id"
    inherited_columns = ("flow_id",)
    extra_columns = (Column("template_id", STRING, Lifted("definition", ("template_id",), template_id)),)
    swept = True


class FlowTags(KlaviyoStream):
    """A tag on a flow. Carried by the flows: one request per 50 of them, 60 per minute."""

    name = "flow_tags"
    path = "/api/flows"
    primary_keys = ("flow_id", "tag_id")
    via = "tags"
    via_type = "tag"
    via_column = "flow_id"
    linkage_only = True
    id_column = "tag_id"
    attributes = ()
    variants = _EVERY_FLOW
    swept = True


STREAMS = (Flows, FlowActions, FlowMessages, FlowTags)
