"""The shop's first stock: every part made in turn and linked to the others."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from tap_klaviyo.sandbox.shop import (
    account,
    brands,
    campaigns,
    catalog,
    content,
    coupons,
    events,
    flows,
    groups,
    jobs,
    metrics,
    objects,
    omnichannel,
    profiles,
    tags,
    translations,
    usage,
    voices,
)
from tap_klaviyo.sandbox.shop.making import Maker, Stock
from tap_klaviyo.sandbox.shop.relations import GROUP_TYPES
from tap_klaviyo.sandbox.shop.timeline import AttributionShelf, EventShelf
from tap_klaviyo.sandbox.shop.world import World

if TYPE_CHECKING:
    from array import array

    from tap_klaviyo.sandbox.shop.store import Resource

    Members = dict[tuple[str, str], dict[str, str]]


def stocked(seed: int, *, event_count: int, profile_count: int, bursts: bool) -> Stock:
    """Return everything that a shop of ``seed`` starts with."""
    resources, world, instants, members = _made(seed, event_count, profile_count, bursts=bursts)
    shelves = {"event": EventShelf(world, instants), "attribution": AttributionShelf(world, instants)}
    return Stock([_of_its_own(one) for one in resources], shelves, members)


def _of_its_own(resource: Resource) -> Resource:
    """Return a resource that no other shop has: groups are counted in place."""
    if resource.type not in GROUP_TYPES:
        return resource
    return replace(resource, attributes=dict(resource.attributes))


@lru_cache(maxsize=8)
def _made(
    seed: int, event_count: int, profile_count: int, *, bursts: bool
) -> tuple[list[Resource], World, array[int], Members]:
    """Make what is the same in every shop of this seed and these sizes; tests open a thousand of them."""
    maker = Maker(seed)
    flow_ids, tag_ids = flows.flow_ids(maker), tags.tag_ids(maker)
    list_ids, template_ids = groups.list_ids(maker), content.template_ids(maker)
    people = profiles.made(maker, profile_count, list_ids)
    profile_ids = [profile.id for profile in people]
    world = World(maker, profile_ids, campaigns.names(maker), flows.message_ids(maker))
    instants = events.instants(world, event_count, bursts=bursts)
    event_ids = [events.event_id(number) for number in range(min(event_count, 500))]
    measured, flowing = metrics.made(maker, flow_ids), flows.made(maker, tag_ids, template_ids)
    image_ids, contents = content.image_ids(maker), content.made(maker)
    canvases = omnichannel.made(maker, omnichannel.Content(tag_ids, list_ids, template_ids, image_ids))
    resources = [
        *people,
        *account.made(maker, [one for one in measured if one.type == "metric"]),
        *brands.made(maker, account.account_id(maker), image_ids),
        *usage.made(maker, account.account_id(maker)),
        *measured,
        *groups.made(maker, flow_ids, tag_ids),
        *tags.made(maker),
        *campaigns.made(maker, tag_ids, list_ids, template_ids, image_ids),
        *canvases,
        *flowing,
        *contents,
        *translations.made(
            (one for one in canvases if one.type == omnichannel.VARIATION),
            (one for one in flowing if one.type == "flow-message"),
            (one for one in contents if one.type in {"template", "template-universal-content"}),
        ),
        *catalog.made(maker),
        *coupons.made(maker, profile_ids),
        *objects.made(maker),
        *jobs.made(maker, profile_ids, list_ids, groups.segment_ids(maker)),
        *voices.made(maker, profile_ids, event_ids, catalog.item_ids()),
    ]
    return resources, world, instants, groups.memberships(maker, people)
