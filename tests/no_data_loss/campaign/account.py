"""A random account, what happens in it, and what a table must hold of it in the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_klaviyo.sandbox import Resource
from tests.no_data_loss.campaign.kinds import CHILDREN, EVENTS, KINDS, MEMBERS, TAGGED, Child, Kind
from tests.no_data_loss.rig import as_instant, text

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.no_data_loss.rig import Key, Rig, Row

Truth = dict["Key", "Row"]


@dataclass
class Account:
    """The shop of a rig, filled and changed at random; only what ``streams`` read is made."""

    rig: Rig
    chance: random.Random
    streams: frozenset[str]
    made: int = 0
    ever: dict[str, set[Key]] = field(default_factory=dict)
    """The keys of all rows that there ever were: a table that is never read in full keeps them."""
    kinds: tuple[Kind, ...] = ()
    children: tuple[Child, ...] = ()

    def __post_init__(self) -> None:
        self.children = tuple(
            child for child in CHILDREN if child.stream in self.streams or child.shelf == "flow-action"
        )
        needed = {child.parent for child in self.children}
        needed |= {shelf for stream, shelf in (*TAGGED.items(), *MEMBERS.items()) if stream in self.streams}
        if not self.streams.isdisjoint(MEMBERS):
            needed.add("profile")
        if not self.streams.isdisjoint(TAGGED):
            needed.add("tag")
        self.kinds = tuple(kind for kind in KINDS if kind.stream in self.streams or kind.shelf in needed)
        for kind in self.kinds:
            for _ in range(self.chance.randint(0, 12)):
                self.put(kind, self._earlier())
        for child in self.children:
            for _ in range(self.chance.randint(0, 16)):
                self.put_child(child, self._earlier())
        for _ in range(self.chance.randint(0, 60)):
            self.happen_event(self._earlier(days=40))
        for _ in range(self.chance.randint(0, 40)):
            self.join(self._earlier())
        for _ in range(self.chance.randint(0, 10)):
            self.tag()
        self.remember()

    # What happens

    def happen(self, _shop: object = None) -> None:
        """Let one thing happen that the documentation says will arrive."""
        changes: list[Callable[[], object]] = [self.change, self.change, self.new, self.late_event, self.future_event]
        changes += [self.event, self.event, self.new_child, self.change_child, self.joined, self.joined_late]
        changes += [self.tag, self.delete, self.put_away, self.new_undated]
        self.chance.choice(changes)()
        self.remember()

    def new(self) -> None:
        if self.kinds:
            self.put(self.chance.choice(self.kinds), self.rig.now)

    def new_undated(self) -> None:
        kinds = [kind for kind in self.kinds if kind.undated]
        if kinds:
            self.put(self.chance.choice(kinds), None)

    def change(self) -> None:
        for kind, one in self._some():
            if kind.dated is not None:
                self.rig.change(kind.shelf, one.id, **{kind.dated: text(self.rig.now), kind.label: self._name()})
            else:
                self.rig.change(kind.shelf, one.id, **{kind.label: self._name()})

    def put_away(self) -> None:
        """Archive or hide, or the other way round; that moves no date."""
        for kind, one in self._some():
            if kind.flag is not None:
                attributes = {**one.attributes, kind.flag: not one.attributes[kind.flag]}
                self.rig.shop.put(kind.shelf, replace(one, attributes=attributes))

    def delete(self) -> None:
        # Whoever names these in a column would have to change with them.
        kept = {"profile", "tag"} if self.streams & {*TAGGED, *MEMBERS} else set[str]()
        kept |= {child.parent for child in self.children if child.listed}
        for kind, one in self._some():
            if kind.shelf not in kept:
                self.rig.shop.delete(kind.shelf, one.id)

    def event(self) -> None:
        self.happen_event(self.rig.now)

    def late_event(self) -> None:
        self.happen_event(self.rig.now - timedelta(days=self.chance.uniform(0, 6)))

    def future_event(self) -> None:
        self.happen_event(self.rig.now + timedelta(days=self.chance.uniform(0, 3)))

    def joined(self) -> None:
        self.join(self.rig.now)

    def joined_late(self) -> None:
        self.join(self.rig.now - timedelta(days=self.chance.uniform(0, 6)))

    def new_child(self) -> None:
        if self.children:
            self.put_child(self.chance.choice(self.children), self.rig.now)

    def change_child(self) -> None:
        if self.children:
            child = self.chance.choice(self.children)
            for one in self._one_of(child.shelf):
                self.rig.change(child.shelf, one.id, **self._of_child(child, self.rig.now))

    def tag(self) -> None:
        tags = self.rig.shop.resources("tag")
        for shelf in sorted({shelf for stream, shelf in TAGGED.items() if stream in self.streams}):
            for one in self._one_of(shelf):
                relationship = "categories" if shelf == "catalog-item" else "tags"
                found = self.rig.shop.resources("catalog-category") if shelf == "catalog-item" else tags
                if found:
                    links = {*one.related_ids(relationship), self.chance.choice(found).id}
                    self.rig.shop.update(shelf, one.id, relationships={relationship: sorted(links)})

    def join(self, when: datetime) -> None:
        for stream, shelf in sorted(MEMBERS.items()):
            if stream in self.streams:
                for group, profile in zip(self._one_of(shelf), self._one_of("profile"), strict=False):
                    self.rig.shop.join(shelf, group.id, profile.id, text(when))

    def happen_event(self, when: datetime) -> None:
        if not self.streams.isdisjoint(EVENTS):
            self.made += 1
            # Many share a second.
            when = when.replace(microsecond=0)
            name = f"{self.chance.randrange(10**4):04}{self.made:06}"
            self.rig.shop.put("event", Resource("event", name, {"datetime": text(when)}))

    def put(self, kind: Kind, when: datetime | None) -> None:
        self.made += 1
        now = text(when or self.rig.now)
        attributes: dict[str, Any] = {kind.label: self._name(), "created": now, "created_at": now}
        if kind.dated is not None:
            attributes[kind.dated] = None if when is None else now
        if kind.flag is not None:
            attributes[kind.flag] = self.chance.random() < 0.3
        if kind.shelf == "review":
            attributes["status"] = {"value": self.chance.choice(["published", "pending", "rejected"])}
        hidden = {"messages.channel": self.chance.choice(["email", "sms", "mobile_push"])}
        name = f"{self.chance.choice('AKZ')}{self.made:04}"
        self.rig.shop.put(
            kind.shelf,
            Resource(kind.shelf, name, attributes, hidden=hidden if kind.shelf == "campaign" else {}),
        )

    def put_child(self, child: Child, when: datetime) -> None:
        self.made += 1
        for parent in self._one_of(child.parent):
            attributes = {"created": text(when), "created_at": text(when), **self._of_child(child, when)}
            links: dict[str, str | list[str] | None] = {child.relationship: parent.id}
            # Ids of flow actions are digits.
            name = f"{self.chance.randrange(10**4):04}{self.made:05}"
            self.rig.shop.put(child.shelf, Resource(child.shelf, name, attributes, links))

    def _of_child(self, child: Child, when: datetime) -> dict[str, Any]:
        attributes: dict[str, Any] = {child.label: text(when) if child.dated else self._name()}
        if child.shelf == "flow-action":
            attributes["definition"] = {"type": self.chance.choice(["send-email", "send-sms", "time-delay"])}
        if child.shelf == "campaign-message":
            # What an include cuts short is read from its own endpoint.
            attributes["definition"] = self.chance.choice([None, {"channel": "sms"}, {"channel": "sms"}])
        return attributes

    def _name(self) -> str:
        self.made += 1
        return f"name {self.made}"

    def _earlier(self, days: float = 60) -> datetime:
        when = self.rig.now - timedelta(days=self.chance.uniform(0.01, days))
        # Half of all share their second with others.
        return when if self.chance.random() < 0.5 else when.replace(minute=0, second=0, microsecond=0)

    def _some(self) -> list[tuple[Kind, Resource]]:
        if not self.kinds:
            return []
        kind = self.chance.choice(self.kinds)
        return [(kind, one) for one in self._one_of(kind.shelf)]

    def _one_of(self, shelf: str) -> list[Resource]:
        found = self.rig.shop.resources(shelf)
        return [self.chance.choice(found)] if found else []

    # What a table must hold

    def remember(self) -> None:
        """Note the keys that there are now."""
        for stream in self.streams:
            self.ever.setdefault(stream, set()).update(self.truth(stream))

    def truth(self, stream: str) -> Truth:
        """Return the rows of a stream by their keys, with the columns that say whether they are the newest."""
        shop = self.rig.shop
        for kind in KINDS:
            if kind.stream == stream:
                names = [name for name in (kind.dated, kind.label, kind.flag) if name is not None]
                return {
                    (one.id,): {name: as_instant(one.attributes[name]) for name in names}
                    for one in shop.resources(kind.shelf)
                }
        for child in CHILDREN:
            if child.stream == stream:
                return {
                    (one.id,): {
                        child.column: one.relationships[child.relationship],
                        child.label: as_instant(one.attributes[child.label]),
                    }
                    for one in shop.resources(child.shelf)
                    if self._is_there(child, one)
                }
        if stream in MEMBERS:
            shelf = MEMBERS[stream]
            return {
                (group, profile): {"joined_group_at": as_instant(when)}
                for group, profile, when in shop.memberships(shelf)
                if shop.get(shelf, group) is not None
            }
        if stream in TAGGED:
            return self._tags(TAGGED[stream])
        return {(one.id,): {"datetime": as_instant(one.attributes["datetime"])} for one in shop.resources("event")}

    def _is_there(self, child: Child, one: Resource) -> bool:
        """Whether the parents are, whose own parents may be gone."""
        if child.listed:
            return True
        parent = self.rig.shop.get(child.parent, str(one.relationships[child.relationship]))
        above = next((other for other in CHILDREN if other.shelf == child.parent), None)
        if parent is None or child.silent(parent):
            return False
        return above is None or self._is_there(above, parent)

    def _tags(self, shelf: str) -> Truth:
        if shelf == "catalog-item":
            pairs = [(link, one.id) for one in self.rig.shop.resources(shelf) for link in one.related_ids("categories")]
            return {pair: {} for pair in pairs if self.rig.shop.get("catalog-category", pair[0])}
        return {(one.id, tag): {} for one in self.rig.shop.resources(shelf) for tag in one.related_ids("tags")}
