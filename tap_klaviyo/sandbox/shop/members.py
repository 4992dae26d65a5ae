"""A profile as a member of a list or segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox.shop.store import Resource

if TYPE_CHECKING:
    from tap_klaviyo.sandbox.shop.store import Shelf


class Member(Resource):
    """A profile seen through a group: the profile as it is now, and when it joined."""

    __slots__ = ("_profiles",)

    def __init__(self, profiles: Shelf, profile_id: str, joined_group_at: str) -> None:
        self.type = "profile"
        self.id = profile_id
        self.hidden = {"joined_group_at": joined_group_at, "profile_id": profile_id}
        self.relationships = {}  # all of a profile's are kept at their other side
        self._profiles = profiles

    @property
    def attributes(self) -> dict[str, Any]:  # type: ignore[override]
        """The profile's attributes and ``joined_group_at``."""
        profile = self._profiles.get(self.id)
        attributes = {} if profile is None else profile.attributes
        return {**attributes, "joined_group_at": self.hidden["joined_group_at"]}
