"""Where recorded responses and Klaviyo's document differ, one switch for each difference."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORDED, DOCUMENTED = "recorded", "documented"


@dataclass
class Behaviour:
    """A switch that is on does what real accounts were recorded to do, one that is off what the document says.

    - ``unlisted_attributes``: profiles have ``anonymous_id`` and ``whatsapp_bsuid`` unless fields are named, and
      webhook topics have attributes, none
    - ``hidden_images``: hidden images come only with ``equals(hidden,true)``
    - ``message_templates``: classic messages link their template without an include, but not when included
    - ``absent_attributions``: an event without attribution has no such relationship
    - ``partial_relationships``: a mapped metric that is mapped to nothing has no relationships, those of bulk jobs lead
      to ``related`` alone, and an e-mail message says that it has no image
    - ``sparse_forms``: a sparse fieldset of forms drops relationships that are not included
    - ``report_message_ids``: in values reports ``campaign_message_id`` equals ``campaign_id``
    - ``aggregate_pages``: metric aggregates refuse a page under 500 rows and any ``sort``
    - ``burst_headers``: ``ratelimit-*`` in lower case, of the burst window, with a reset of 0
    - ``malformed_ids``: an id that no resource of its type can have is a 400
    - ``advanced_kdp``: webhooks and their topics refuse private keys
    - ``odd_filters``: some filters are ignored, find nothing, or are a 500
    - ``past_flows``: flows refuse date bounds in the future
    - ``cursors_without_ids``: of forms and web feeds, so that ties over a page edge are lost or repeated
    - ``resource_slashes``: the self link of a resource ends in a slash
    - ``links_before``: some first pages have a ``links.prev``
    - ``single_coupons``: coupon codes take ``equals(coupon.id,'…')``
    - ``text_thresholds``: a coupon's ``low_balance_threshold`` is a string
    """

    unlisted_attributes: bool = True
    hidden_images: bool = True
    message_templates: bool = True
    absent_attributions: bool = True
    partial_relationships: bool = True
    sparse_forms: bool = True
    report_message_ids: bool = True
    aggregate_pages: bool = True
    burst_headers: bool = True
    malformed_ids: bool = True
    advanced_kdp: bool = True
    odd_filters: bool = True
    past_flows: bool = True
    cursors_without_ids: bool = True
    resource_slashes: bool = True
    links_before: bool = True
    single_coupons: bool = True
    text_thresholds: bool = True

    @classmethod
    def documented(cls) -> Behaviour:
        """Return the behaviour of the document alone."""
        return cls(**dict.fromkeys(SWITCHES, False))

    def change(self, to: str | Mapping[str, bool]) -> None:
        """Turn every switch with ``recorded`` or ``documented``, or some by name; KeyError for an unknown name."""
        if isinstance(to, str):
            to = dict.fromkeys(SWITCHES, {RECORDED: True, DOCUMENTED: False}[to])
        for name, value in to.items():
            if name not in SWITCHES:
                raise KeyError(name)
            setattr(self, name, bool(value))


SWITCHES = tuple(field.name for field in fields(Behaviour))
